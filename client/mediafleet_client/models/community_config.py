from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.recording_notification import RecordingNotification, check_recording_notification
from ..models.webhook_event import WebhookEvent, check_webhook_event
from ..types import UNSET, Unset

T = TypeVar("T", bound="CommunityConfig")


@_attrs_define
class CommunityConfig:
    """The configuration in force, as OpenVidu CE 2.15 shows it. Required properties are always there; the others belong to
    a feature and are there only while it is on.

        Example:
            {'VERSION': '2.15.0', 'DOMAIN_OR_PUBLIC_IP': 'media.example.com', 'HTTPS_PORT': 443, 'OPENVIDU_PUBLICURL':
                'https://media.example.com', 'OPENVIDU_CDR': False, 'OPENVIDU_STREAMS_VIDEO_MAX_RECV_BANDWIDTH': 1000,
                'OPENVIDU_STREAMS_VIDEO_MIN_RECV_BANDWIDTH': 300, 'OPENVIDU_STREAMS_VIDEO_MAX_SEND_BANDWIDTH': 1000,
                'OPENVIDU_STREAMS_VIDEO_MIN_SEND_BANDWIDTH': 300, 'OPENVIDU_SESSIONS_GARBAGE_INTERVAL': 900,
                'OPENVIDU_SESSIONS_GARBAGE_THRESHOLD': 3600, 'OPENVIDU_RECORDING': False, 'OPENVIDU_WEBHOOK': False}

    """

    version: str
    """ The version of OpenVidu Pro whose interface this server speaks. """
    domain_or_public_ip: str
    """ The domain name or public address of the server. """
    https_port: int
    """ The public port of the server. """
    openvidu_publicurl: str
    """ The public address of the server, without a slash at its end. It names the port only if it is not 443. """
    openvidu_cdr: bool
    """ Whether events are written to the call detail record. """
    openvidu_streams_video_max_recv_bandwidth: int
    """ Highest bandwidth of the video that the media server receives from a participant, in kbit/s; 0: no limit.
    """
    openvidu_streams_video_min_recv_bandwidth: int
    """ Lowest bandwidth of the video that the media server receives from a participant, in kbit/s; 0: no limit. """
    openvidu_streams_video_max_send_bandwidth: int
    """ Highest bandwidth of the video that the media server sends to a participant, in kbit/s; 0: no limit. """
    openvidu_streams_video_min_send_bandwidth: int
    """ Lowest bandwidth of the video that the media server sends to a participant, in kbit/s; 0: no limit. """
    openvidu_sessions_garbage_interval: int
    """ Seconds between two searches for sessions that nobody ever joined. 0 means no search. """
    openvidu_sessions_garbage_threshold: int
    """ Age in seconds from which such a search removes a session that nobody ever joined. """
    openvidu_recording: bool
    """ Whether sessions can be recorded. The other OPENVIDU_RECORDING properties are there only if true. """
    openvidu_webhook: bool
    """ Whether events are sent to the webhook. The other OPENVIDU_WEBHOOK properties are there only if true. """
    openvidu_recording_version: str | Unset = UNSET
    """ The version of the recording image. Present only if recording is on. """
    openvidu_recording_path: str | Unset = UNSET
    """ The folder on the server where recordings are kept, with a `/` at its end. Present only if recording is on.
    """
    openvidu_recording_public_access: bool | Unset = UNSET
    """ Whether recordings can be fetched without credentials. Present only if recording is on. """
    openvidu_recording_notification: RecordingNotification | Unset = UNSET
    """ Which participants of a session are notified when its recording starts and stops: nobody, moderators,
    publishers and moderators, or everybody. """
    openvidu_recording_custom_layout: str | Unset = UNSET
    """ The folder on the server where the application's own recording layouts are, with a `/` at its end. Present
    only if recording is on. """
    openvidu_recording_autostop_timeout: int | Unset = UNSET
    """ Seconds after which the recording of a session stops by itself when nobody publishes. 0 means never. Present
    only if recording is on. """
    openvidu_recording_composed_url: str | Unset = UNSET
    """ Where the page is served that composed recordings are made of. Present only if recording is on and such an
    address is set. """
    openvidu_webhook_endpoint: str | Unset = UNSET
    """ The address that events are posted to. Present only if the webhook is on. """
    openvidu_webhook_headers: list[str] | Unset = UNSET
    """ Headers that are sent with every event; they may carry a credential. Present only if the webhook is on. """
    openvidu_webhook_events: list[WebhookEvent] | Unset = UNSET
    """ The events that are sent to the webhook. Present only if the webhook is on. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        version = self.version

        domain_or_public_ip = self.domain_or_public_ip

        https_port = self.https_port

        openvidu_publicurl = self.openvidu_publicurl

        openvidu_cdr = self.openvidu_cdr

        openvidu_streams_video_max_recv_bandwidth = self.openvidu_streams_video_max_recv_bandwidth

        openvidu_streams_video_min_recv_bandwidth = self.openvidu_streams_video_min_recv_bandwidth

        openvidu_streams_video_max_send_bandwidth = self.openvidu_streams_video_max_send_bandwidth

        openvidu_streams_video_min_send_bandwidth = self.openvidu_streams_video_min_send_bandwidth

        openvidu_sessions_garbage_interval = self.openvidu_sessions_garbage_interval

        openvidu_sessions_garbage_threshold = self.openvidu_sessions_garbage_threshold

        openvidu_recording = self.openvidu_recording

        openvidu_webhook = self.openvidu_webhook

        openvidu_recording_version = self.openvidu_recording_version

        openvidu_recording_path = self.openvidu_recording_path

        openvidu_recording_public_access = self.openvidu_recording_public_access

        openvidu_recording_notification: str | Unset = UNSET
        if not isinstance(self.openvidu_recording_notification, Unset):
            openvidu_recording_notification = self.openvidu_recording_notification

        openvidu_recording_custom_layout = self.openvidu_recording_custom_layout

        openvidu_recording_autostop_timeout = self.openvidu_recording_autostop_timeout

        openvidu_recording_composed_url = self.openvidu_recording_composed_url

        openvidu_webhook_endpoint = self.openvidu_webhook_endpoint

        openvidu_webhook_headers: list[str] | Unset = UNSET
        if not isinstance(self.openvidu_webhook_headers, Unset):
            openvidu_webhook_headers = self.openvidu_webhook_headers

        openvidu_webhook_events: list[str] | Unset = UNSET
        if not isinstance(self.openvidu_webhook_events, Unset):
            openvidu_webhook_events = []
            for openvidu_webhook_events_item_data in self.openvidu_webhook_events:
                openvidu_webhook_events_item: str = openvidu_webhook_events_item_data
                openvidu_webhook_events.append(openvidu_webhook_events_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "VERSION": version,
                "DOMAIN_OR_PUBLIC_IP": domain_or_public_ip,
                "HTTPS_PORT": https_port,
                "OPENVIDU_PUBLICURL": openvidu_publicurl,
                "OPENVIDU_CDR": openvidu_cdr,
                "OPENVIDU_STREAMS_VIDEO_MAX_RECV_BANDWIDTH": openvidu_streams_video_max_recv_bandwidth,
                "OPENVIDU_STREAMS_VIDEO_MIN_RECV_BANDWIDTH": openvidu_streams_video_min_recv_bandwidth,
                "OPENVIDU_STREAMS_VIDEO_MAX_SEND_BANDWIDTH": openvidu_streams_video_max_send_bandwidth,
                "OPENVIDU_STREAMS_VIDEO_MIN_SEND_BANDWIDTH": openvidu_streams_video_min_send_bandwidth,
                "OPENVIDU_SESSIONS_GARBAGE_INTERVAL": openvidu_sessions_garbage_interval,
                "OPENVIDU_SESSIONS_GARBAGE_THRESHOLD": openvidu_sessions_garbage_threshold,
                "OPENVIDU_RECORDING": openvidu_recording,
                "OPENVIDU_WEBHOOK": openvidu_webhook,
            }
        )
        if openvidu_recording_version is not UNSET:
            field_dict["OPENVIDU_RECORDING_VERSION"] = openvidu_recording_version
        if openvidu_recording_path is not UNSET:
            field_dict["OPENVIDU_RECORDING_PATH"] = openvidu_recording_path
        if openvidu_recording_public_access is not UNSET:
            field_dict["OPENVIDU_RECORDING_PUBLIC_ACCESS"] = openvidu_recording_public_access
        if openvidu_recording_notification is not UNSET:
            field_dict["OPENVIDU_RECORDING_NOTIFICATION"] = openvidu_recording_notification
        if openvidu_recording_custom_layout is not UNSET:
            field_dict["OPENVIDU_RECORDING_CUSTOM_LAYOUT"] = openvidu_recording_custom_layout
        if openvidu_recording_autostop_timeout is not UNSET:
            field_dict["OPENVIDU_RECORDING_AUTOSTOP_TIMEOUT"] = openvidu_recording_autostop_timeout
        if openvidu_recording_composed_url is not UNSET:
            field_dict["OPENVIDU_RECORDING_COMPOSED_URL"] = openvidu_recording_composed_url
        if openvidu_webhook_endpoint is not UNSET:
            field_dict["OPENVIDU_WEBHOOK_ENDPOINT"] = openvidu_webhook_endpoint
        if openvidu_webhook_headers is not UNSET:
            field_dict["OPENVIDU_WEBHOOK_HEADERS"] = openvidu_webhook_headers
        if openvidu_webhook_events is not UNSET:
            field_dict["OPENVIDU_WEBHOOK_EVENTS"] = openvidu_webhook_events

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        version = d.pop("VERSION")

        domain_or_public_ip = d.pop("DOMAIN_OR_PUBLIC_IP")

        https_port = d.pop("HTTPS_PORT")

        openvidu_publicurl = d.pop("OPENVIDU_PUBLICURL")

        openvidu_cdr = d.pop("OPENVIDU_CDR")

        openvidu_streams_video_max_recv_bandwidth = d.pop("OPENVIDU_STREAMS_VIDEO_MAX_RECV_BANDWIDTH")

        openvidu_streams_video_min_recv_bandwidth = d.pop("OPENVIDU_STREAMS_VIDEO_MIN_RECV_BANDWIDTH")

        openvidu_streams_video_max_send_bandwidth = d.pop("OPENVIDU_STREAMS_VIDEO_MAX_SEND_BANDWIDTH")

        openvidu_streams_video_min_send_bandwidth = d.pop("OPENVIDU_STREAMS_VIDEO_MIN_SEND_BANDWIDTH")

        openvidu_sessions_garbage_interval = d.pop("OPENVIDU_SESSIONS_GARBAGE_INTERVAL")

        openvidu_sessions_garbage_threshold = d.pop("OPENVIDU_SESSIONS_GARBAGE_THRESHOLD")

        openvidu_recording = d.pop("OPENVIDU_RECORDING")

        openvidu_webhook = d.pop("OPENVIDU_WEBHOOK")

        openvidu_recording_version = d.pop("OPENVIDU_RECORDING_VERSION", UNSET)

        openvidu_recording_path = d.pop("OPENVIDU_RECORDING_PATH", UNSET)

        openvidu_recording_public_access = d.pop("OPENVIDU_RECORDING_PUBLIC_ACCESS", UNSET)

        _openvidu_recording_notification = d.pop("OPENVIDU_RECORDING_NOTIFICATION", UNSET)
        openvidu_recording_notification: RecordingNotification | Unset = UNSET
        if _openvidu_recording_notification is not UNSET and _openvidu_recording_notification is not None:
            openvidu_recording_notification = check_recording_notification(_openvidu_recording_notification)

        openvidu_recording_custom_layout = d.pop("OPENVIDU_RECORDING_CUSTOM_LAYOUT", UNSET)

        openvidu_recording_autostop_timeout = d.pop("OPENVIDU_RECORDING_AUTOSTOP_TIMEOUT", UNSET)

        openvidu_recording_composed_url = d.pop("OPENVIDU_RECORDING_COMPOSED_URL", UNSET)

        openvidu_webhook_endpoint = d.pop("OPENVIDU_WEBHOOK_ENDPOINT", UNSET)

        openvidu_webhook_headers = cast(list[str], d.pop("OPENVIDU_WEBHOOK_HEADERS", UNSET))

        _openvidu_webhook_events = d.pop("OPENVIDU_WEBHOOK_EVENTS", UNSET)
        openvidu_webhook_events: list[WebhookEvent] | Unset = UNSET
        if _openvidu_webhook_events is not UNSET and _openvidu_webhook_events is not None:
            openvidu_webhook_events = []
            for openvidu_webhook_events_item_data in _openvidu_webhook_events:
                openvidu_webhook_events_item = check_webhook_event(openvidu_webhook_events_item_data)

                openvidu_webhook_events.append(openvidu_webhook_events_item)

        community_config = cls(
            version=version,
            domain_or_public_ip=domain_or_public_ip,
            https_port=https_port,
            openvidu_publicurl=openvidu_publicurl,
            openvidu_cdr=openvidu_cdr,
            openvidu_streams_video_max_recv_bandwidth=openvidu_streams_video_max_recv_bandwidth,
            openvidu_streams_video_min_recv_bandwidth=openvidu_streams_video_min_recv_bandwidth,
            openvidu_streams_video_max_send_bandwidth=openvidu_streams_video_max_send_bandwidth,
            openvidu_streams_video_min_send_bandwidth=openvidu_streams_video_min_send_bandwidth,
            openvidu_sessions_garbage_interval=openvidu_sessions_garbage_interval,
            openvidu_sessions_garbage_threshold=openvidu_sessions_garbage_threshold,
            openvidu_recording=openvidu_recording,
            openvidu_webhook=openvidu_webhook,
            openvidu_recording_version=openvidu_recording_version,
            openvidu_recording_path=openvidu_recording_path,
            openvidu_recording_public_access=openvidu_recording_public_access,
            openvidu_recording_notification=openvidu_recording_notification,
            openvidu_recording_custom_layout=openvidu_recording_custom_layout,
            openvidu_recording_autostop_timeout=openvidu_recording_autostop_timeout,
            openvidu_recording_composed_url=openvidu_recording_composed_url,
            openvidu_webhook_endpoint=openvidu_webhook_endpoint,
            openvidu_webhook_headers=openvidu_webhook_headers,
            openvidu_webhook_events=openvidu_webhook_events,
        )

        community_config.additional_properties = d
        return community_config

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
