from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.video_source import VideoSource, check_video_source
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.media_filter import MediaFilter


T = TypeVar("T", bound="MediaOptions")


@_attrs_define
class MediaOptions:
    """What a stream consists of.

    Example:
        {'hasAudio': True, 'audioActive': True, 'hasVideo': True, 'videoActive': True, 'typeOfVideo': 'CAMERA',
            'frameRate': 30, 'videoDimensions': '{"width":640,"height":480}', 'filter': {}}

    """

    has_audio: bool
    """ Whether the stream has an audio track. """
    has_video: bool
    """ Whether the stream has a video track. """
    audio_active: bool | Unset = UNSET
    """ Whether the audio track is sending. Present only if `hasAudio` is true. """
    video_active: bool | Unset = UNSET
    """ Whether the video track is sending. Present only if `hasVideo` is true. """
    type_of_video: VideoSource | Unset = UNSET
    """ Where the video of a stream comes from. """
    frame_rate: float | None | Unset = UNSET
    """ Frames of video per second, or null if not known. Present only if `hasVideo` is true. """
    video_dimensions: None | str | Unset = UNSET
    """ Width and height of the video in pixels, as a string that holds a JSON object, or null if not known. Present
    only if `hasVideo` is true. """
    filter_: MediaFilter | Unset = UNSET
    """ The filter that a stream runs through. Empty if there is none. """
    adaptative_bitrate: bool | Unset = UNSET
    """ Whether the bitrate follows what the receivers can take. Present for an IP camera only. """
    only_play_with_subscribers: bool | Unset = UNSET
    """ Whether the stream is fetched only while somebody receives it. Present for an IP camera only. """
    network_cache: int | Unset = UNSET
    """ Milliseconds of the stream that are buffered. Present for an IP camera only. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        has_audio = self.has_audio

        has_video = self.has_video

        audio_active = self.audio_active

        video_active = self.video_active

        type_of_video: str | Unset = UNSET
        if not isinstance(self.type_of_video, Unset):
            type_of_video = self.type_of_video

        frame_rate: float | None | Unset
        if isinstance(self.frame_rate, Unset):
            frame_rate = UNSET
        else:
            frame_rate = self.frame_rate

        video_dimensions: None | str | Unset
        if isinstance(self.video_dimensions, Unset):
            video_dimensions = UNSET
        else:
            video_dimensions = self.video_dimensions

        filter_: dict[str, Any] | Unset = UNSET
        if not isinstance(self.filter_, Unset):
            filter_ = self.filter_.to_dict()

        adaptative_bitrate = self.adaptative_bitrate

        only_play_with_subscribers = self.only_play_with_subscribers

        network_cache = self.network_cache

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "hasAudio": has_audio,
                "hasVideo": has_video,
            }
        )
        if audio_active is not UNSET:
            field_dict["audioActive"] = audio_active
        if video_active is not UNSET:
            field_dict["videoActive"] = video_active
        if type_of_video is not UNSET:
            field_dict["typeOfVideo"] = type_of_video
        if frame_rate is not UNSET:
            field_dict["frameRate"] = frame_rate
        if video_dimensions is not UNSET:
            field_dict["videoDimensions"] = video_dimensions
        if filter_ is not UNSET:
            field_dict["filter"] = filter_
        if adaptative_bitrate is not UNSET:
            field_dict["adaptativeBitrate"] = adaptative_bitrate
        if only_play_with_subscribers is not UNSET:
            field_dict["onlyPlayWithSubscribers"] = only_play_with_subscribers
        if network_cache is not UNSET:
            field_dict["networkCache"] = network_cache

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.media_filter import MediaFilter  # noqa: PLC0415

        d = dict(src_dict)
        has_audio = d.pop("hasAudio")

        has_video = d.pop("hasVideo")

        audio_active = d.pop("audioActive", UNSET)

        video_active = d.pop("videoActive", UNSET)

        _type_of_video = d.pop("typeOfVideo", UNSET)
        type_of_video: VideoSource | Unset = UNSET
        if _type_of_video is not UNSET and _type_of_video is not None:
            type_of_video = check_video_source(_type_of_video)

        def _parse_frame_rate(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        frame_rate = _parse_frame_rate(d.pop("frameRate", UNSET))

        def _parse_video_dimensions(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        video_dimensions = _parse_video_dimensions(d.pop("videoDimensions", UNSET))

        _filter_ = d.pop("filter", UNSET)
        filter_: MediaFilter | Unset = UNSET
        if _filter_ is not UNSET and _filter_ is not None:
            filter_ = MediaFilter.from_dict(_filter_)

        adaptative_bitrate = d.pop("adaptativeBitrate", UNSET)

        only_play_with_subscribers = d.pop("onlyPlayWithSubscribers", UNSET)

        network_cache = d.pop("networkCache", UNSET)

        media_options = cls(
            has_audio=has_audio,
            has_video=has_video,
            audio_active=audio_active,
            video_active=video_active,
            type_of_video=type_of_video,
            frame_rate=frame_rate,
            video_dimensions=video_dimensions,
            filter_=filter_,
            adaptative_bitrate=adaptative_bitrate,
            only_play_with_subscribers=only_play_with_subscribers,
            network_cache=network_cache,
        )

        media_options.additional_properties = d
        return media_options

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
