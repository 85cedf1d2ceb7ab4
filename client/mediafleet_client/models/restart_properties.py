from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.recording_notification import RecordingNotification, check_recording_notification
from ..models.webhook_event import WebhookEvent, check_webhook_event
from ..types import UNSET, Unset

T = TypeVar("T", bound="RestartProperties")


@_attrs_define
class RestartProperties:
    """The configuration properties that a restart can change. All are optional; one that is left out keeps its value.
    Anything else is answered 400. No string may hold a control character or a line separator.

        Example:
            {'OPENVIDU_CDR': True, 'OPENVIDU_RECORDING_AUTOSTOP_TIMEOUT': 120}

    """

    openvidu_secret: str | Unset = UNSET
    """ The secret of the cluster. It cannot be changed this way: it is accepted, without effect, only if it equals
    the current secret. It is never answered. """
    openvidu_cdr: bool | Unset = UNSET
    """ Whether events are written to the call detail record. """
    openvidu_recording: bool | Unset = UNSET
    """ Whether sessions can be recorded. """
    openvidu_recording_path: str | Unset = UNSET
    """ The folder on the server where recordings are kept. It is answered with a `/` at its end. """
    openvidu_recording_public_access: bool | Unset = UNSET
    """ Whether recordings can be fetched without credentials. """
    openvidu_recording_notification: RecordingNotification | Unset = UNSET
    """ Which participants of a session are notified when its recording starts and stops: nobody, moderators,
    publishers and moderators, or everybody. """
    openvidu_recording_custom_layout: str | Unset = UNSET
    """ The folder on the server where the application's own recording layouts are. It is answered with a `/` at its
    end. """
    openvidu_recording_autostop_timeout: int | Unset = UNSET
    """ Seconds after which the recording of a session stops by itself when nobody publishes. 0 means never. """
    openvidu_webhook: bool | Unset = UNSET
    """ Whether events are sent to the webhook. If true, OPENVIDU_WEBHOOK_ENDPOINT must be set. """
    openvidu_webhook_endpoint: str | Unset = UNSET
    """ The http or https address that events are posted to, without user and password. Empty means none. """
    openvidu_webhook_headers: list[str] | Unset = UNSET
    """ Headers to send with every event. Each is name, colon, space, value, neither name nor value empty. Headers
    that the server sets itself, such as `Content-Length` and `webhook-id`, are not allowed. """
    openvidu_webhook_events: list[WebhookEvent] | Unset = UNSET
    """ The events to send. An empty list means none. """
    openvidu_streams_video_max_recv_bandwidth: int | Unset = UNSET
    """ Highest bandwidth of the video that the media server receives from a participant, in kbit/s; 0: no limit.
    """
    openvidu_streams_video_min_recv_bandwidth: int | Unset = UNSET
    """ Lowest bandwidth of the video that the media server receives from a participant, in kbit/s; 0: no limit. """
    openvidu_streams_video_max_send_bandwidth: int | Unset = UNSET
    """ Highest bandwidth of the video that the media server sends to a participant, in kbit/s; 0: no limit. """
    openvidu_streams_video_min_send_bandwidth: int | Unset = UNSET
    """ Lowest bandwidth of the video that the media server sends to a participant, in kbit/s; 0: no limit. """
    openvidu_sessions_garbage_interval: int | Unset = UNSET
    """ Seconds between two searches for sessions that nobody ever joined. 0 means no search. """
    openvidu_sessions_garbage_threshold: int | Unset = UNSET
    """ Age in seconds from which such a search removes a session that nobody ever joined. """
    openvidu_pro_cluster_id: str | Unset = UNSET
    """ The name of the cluster. It is part of every event about a Media Node. """
    openvidu_pro_cluster_media_nodes: int | Unset = UNSET
    """ How many Media Nodes the cluster has after its start. Without effect in the environment `on_premise`, and
    while autoscaling is on. """
    openvidu_pro_cluster_path: str | Unset = UNSET
    """ The folder on the server where the executables of the environment `script` are, and perhaps one for the
    discovery on premises. It is answered with a `/` at its end. Where they are used, folder and executables have to
    belong to root or to the server's user, and nobody else may be allowed to write to them. """
    openvidu_pro_cluster_autoscaling: bool | Unset = UNSET
    """ Whether the cluster grows and shrinks by its load. """
    openvidu_pro_cluster_autoscaling_max_nodes: int | Unset = UNSET
    """ The highest number of Media Nodes under autoscaling. Not below the minimum. """
    openvidu_pro_cluster_autoscaling_min_nodes: int | Unset = UNSET
    """ The lowest number of Media Nodes under autoscaling. Not above the maximum. """
    openvidu_pro_cluster_autoscaling_max_load: int | Unset = UNSET
    """ Average load of the cluster above which it grows, in percent. Not below the minimum. """
    openvidu_pro_cluster_autoscaling_min_load: int | Unset = UNSET
    """ Average load of the cluster below which it shrinks, in percent. Not above the maximum. """
    openvidu_pro_cluster_autoscaling_interval: int | Unset = UNSET
    """ Seconds between two evaluations of the load by autoscaling. 0 counts as 1. """
    mediafleet_autoscaling_evaluations: int | Unset = UNSET
    """ How many evaluations in a row must find the average load beyond the same limit until autoscaling changes the
    size of the cluster. 1 is OpenVidu's behaviour. """
    mediafleet_autoscaling_growth_cooldown: int | Unset = UNSET
    """ Seconds after any change of the size by autoscaling in which the load makes the cluster grow no further. """
    mediafleet_autoscaling_shrink_cooldown: int | Unset = UNSET
    """ Seconds after any change of the size by autoscaling in which the load makes the cluster shrink no further.
    """
    mediafleet_autoscaling_max_step: int | Unset = UNSET
    """ How many Media Nodes autoscaling adds or removes at once at most. 0 means any number. """
    mediafleet_autoscaling_launches_per_hour: int | Unset = UNSET
    """ How many Media Nodes autoscaling launches within an hour at most. 0 means any number. """
    mediafleet_autoscaling_failed_launches: int | Unset = UNSET
    """ How many launches in a row must fail until autoscaling pauses its launches. 0 means that it never does. """
    mediafleet_autoscaling_back_off: int | Unset = UNSET
    """ Seconds of that pause. They double with each further launch that fails, up to an hour. """
    openvidu_pro_stats_monitoring_interval: int | Unset = UNSET
    """ Seconds between two measurements of the machines. 0 means none. """
    openvidu_pro_stats_webrtc_interval: int | Unset = UNSET
    """ Seconds between two measurements of the streams. 0 means none. """

    def to_dict(self) -> dict[str, Any]:
        openvidu_secret = self.openvidu_secret

        openvidu_cdr = self.openvidu_cdr

        openvidu_recording = self.openvidu_recording

        openvidu_recording_path = self.openvidu_recording_path

        openvidu_recording_public_access = self.openvidu_recording_public_access

        openvidu_recording_notification: str | Unset = UNSET
        if not isinstance(self.openvidu_recording_notification, Unset):
            openvidu_recording_notification = self.openvidu_recording_notification

        openvidu_recording_custom_layout = self.openvidu_recording_custom_layout

        openvidu_recording_autostop_timeout = self.openvidu_recording_autostop_timeout

        openvidu_webhook = self.openvidu_webhook

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

        openvidu_streams_video_max_recv_bandwidth = self.openvidu_streams_video_max_recv_bandwidth

        openvidu_streams_video_min_recv_bandwidth = self.openvidu_streams_video_min_recv_bandwidth

        openvidu_streams_video_max_send_bandwidth = self.openvidu_streams_video_max_send_bandwidth

        openvidu_streams_video_min_send_bandwidth = self.openvidu_streams_video_min_send_bandwidth

        openvidu_sessions_garbage_interval = self.openvidu_sessions_garbage_interval

        openvidu_sessions_garbage_threshold = self.openvidu_sessions_garbage_threshold

        openvidu_pro_cluster_id = self.openvidu_pro_cluster_id

        openvidu_pro_cluster_media_nodes = self.openvidu_pro_cluster_media_nodes

        openvidu_pro_cluster_path = self.openvidu_pro_cluster_path

        openvidu_pro_cluster_autoscaling = self.openvidu_pro_cluster_autoscaling

        openvidu_pro_cluster_autoscaling_max_nodes = self.openvidu_pro_cluster_autoscaling_max_nodes

        openvidu_pro_cluster_autoscaling_min_nodes = self.openvidu_pro_cluster_autoscaling_min_nodes

        openvidu_pro_cluster_autoscaling_max_load = self.openvidu_pro_cluster_autoscaling_max_load

        openvidu_pro_cluster_autoscaling_min_load = self.openvidu_pro_cluster_autoscaling_min_load

        openvidu_pro_cluster_autoscaling_interval = self.openvidu_pro_cluster_autoscaling_interval

        mediafleet_autoscaling_evaluations = self.mediafleet_autoscaling_evaluations

        mediafleet_autoscaling_growth_cooldown = self.mediafleet_autoscaling_growth_cooldown

        mediafleet_autoscaling_shrink_cooldown = self.mediafleet_autoscaling_shrink_cooldown

        mediafleet_autoscaling_max_step = self.mediafleet_autoscaling_max_step

        mediafleet_autoscaling_launches_per_hour = self.mediafleet_autoscaling_launches_per_hour

        mediafleet_autoscaling_failed_launches = self.mediafleet_autoscaling_failed_launches

        mediafleet_autoscaling_back_off = self.mediafleet_autoscaling_back_off

        openvidu_pro_stats_monitoring_interval = self.openvidu_pro_stats_monitoring_interval

        openvidu_pro_stats_webrtc_interval = self.openvidu_pro_stats_webrtc_interval

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if openvidu_secret is not UNSET:
            field_dict["OPENVIDU_SECRET"] = openvidu_secret
        if openvidu_cdr is not UNSET:
            field_dict["OPENVIDU_CDR"] = openvidu_cdr
        if openvidu_recording is not UNSET:
            field_dict["OPENVIDU_RECORDING"] = openvidu_recording
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
        if openvidu_webhook is not UNSET:
            field_dict["OPENVIDU_WEBHOOK"] = openvidu_webhook
        if openvidu_webhook_endpoint is not UNSET:
            field_dict["OPENVIDU_WEBHOOK_ENDPOINT"] = openvidu_webhook_endpoint
        if openvidu_webhook_headers is not UNSET:
            field_dict["OPENVIDU_WEBHOOK_HEADERS"] = openvidu_webhook_headers
        if openvidu_webhook_events is not UNSET:
            field_dict["OPENVIDU_WEBHOOK_EVENTS"] = openvidu_webhook_events
        if openvidu_streams_video_max_recv_bandwidth is not UNSET:
            field_dict["OPENVIDU_STREAMS_VIDEO_MAX_RECV_BANDWIDTH"] = openvidu_streams_video_max_recv_bandwidth
        if openvidu_streams_video_min_recv_bandwidth is not UNSET:
            field_dict["OPENVIDU_STREAMS_VIDEO_MIN_RECV_BANDWIDTH"] = openvidu_streams_video_min_recv_bandwidth
        if openvidu_streams_video_max_send_bandwidth is not UNSET:
            field_dict["OPENVIDU_STREAMS_VIDEO_MAX_SEND_BANDWIDTH"] = openvidu_streams_video_max_send_bandwidth
        if openvidu_streams_video_min_send_bandwidth is not UNSET:
            field_dict["OPENVIDU_STREAMS_VIDEO_MIN_SEND_BANDWIDTH"] = openvidu_streams_video_min_send_bandwidth
        if openvidu_sessions_garbage_interval is not UNSET:
            field_dict["OPENVIDU_SESSIONS_GARBAGE_INTERVAL"] = openvidu_sessions_garbage_interval
        if openvidu_sessions_garbage_threshold is not UNSET:
            field_dict["OPENVIDU_SESSIONS_GARBAGE_THRESHOLD"] = openvidu_sessions_garbage_threshold
        if openvidu_pro_cluster_id is not UNSET:
            field_dict["OPENVIDU_PRO_CLUSTER_ID"] = openvidu_pro_cluster_id
        if openvidu_pro_cluster_media_nodes is not UNSET:
            field_dict["OPENVIDU_PRO_CLUSTER_MEDIA_NODES"] = openvidu_pro_cluster_media_nodes
        if openvidu_pro_cluster_path is not UNSET:
            field_dict["OPENVIDU_PRO_CLUSTER_PATH"] = openvidu_pro_cluster_path
        if openvidu_pro_cluster_autoscaling is not UNSET:
            field_dict["OPENVIDU_PRO_CLUSTER_AUTOSCALING"] = openvidu_pro_cluster_autoscaling
        if openvidu_pro_cluster_autoscaling_max_nodes is not UNSET:
            field_dict["OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_NODES"] = openvidu_pro_cluster_autoscaling_max_nodes
        if openvidu_pro_cluster_autoscaling_min_nodes is not UNSET:
            field_dict["OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES"] = openvidu_pro_cluster_autoscaling_min_nodes
        if openvidu_pro_cluster_autoscaling_max_load is not UNSET:
            field_dict["OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_LOAD"] = openvidu_pro_cluster_autoscaling_max_load
        if openvidu_pro_cluster_autoscaling_min_load is not UNSET:
            field_dict["OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_LOAD"] = openvidu_pro_cluster_autoscaling_min_load
        if openvidu_pro_cluster_autoscaling_interval is not UNSET:
            field_dict["OPENVIDU_PRO_CLUSTER_AUTOSCALING_INTERVAL"] = openvidu_pro_cluster_autoscaling_interval
        if mediafleet_autoscaling_evaluations is not UNSET:
            field_dict["MEDIAFLEET_AUTOSCALING_EVALUATIONS"] = mediafleet_autoscaling_evaluations
        if mediafleet_autoscaling_growth_cooldown is not UNSET:
            field_dict["MEDIAFLEET_AUTOSCALING_GROWTH_COOLDOWN"] = mediafleet_autoscaling_growth_cooldown
        if mediafleet_autoscaling_shrink_cooldown is not UNSET:
            field_dict["MEDIAFLEET_AUTOSCALING_SHRINK_COOLDOWN"] = mediafleet_autoscaling_shrink_cooldown
        if mediafleet_autoscaling_max_step is not UNSET:
            field_dict["MEDIAFLEET_AUTOSCALING_MAX_STEP"] = mediafleet_autoscaling_max_step
        if mediafleet_autoscaling_launches_per_hour is not UNSET:
            field_dict["MEDIAFLEET_AUTOSCALING_LAUNCHES_PER_HOUR"] = mediafleet_autoscaling_launches_per_hour
        if mediafleet_autoscaling_failed_launches is not UNSET:
            field_dict["MEDIAFLEET_AUTOSCALING_FAILED_LAUNCHES"] = mediafleet_autoscaling_failed_launches
        if mediafleet_autoscaling_back_off is not UNSET:
            field_dict["MEDIAFLEET_AUTOSCALING_BACK_OFF"] = mediafleet_autoscaling_back_off
        if openvidu_pro_stats_monitoring_interval is not UNSET:
            field_dict["OPENVIDU_PRO_STATS_MONITORING_INTERVAL"] = openvidu_pro_stats_monitoring_interval
        if openvidu_pro_stats_webrtc_interval is not UNSET:
            field_dict["OPENVIDU_PRO_STATS_WEBRTC_INTERVAL"] = openvidu_pro_stats_webrtc_interval

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        openvidu_secret = d.pop("OPENVIDU_SECRET", UNSET)

        openvidu_cdr = d.pop("OPENVIDU_CDR", UNSET)

        openvidu_recording = d.pop("OPENVIDU_RECORDING", UNSET)

        openvidu_recording_path = d.pop("OPENVIDU_RECORDING_PATH", UNSET)

        openvidu_recording_public_access = d.pop("OPENVIDU_RECORDING_PUBLIC_ACCESS", UNSET)

        _openvidu_recording_notification = d.pop("OPENVIDU_RECORDING_NOTIFICATION", UNSET)
        openvidu_recording_notification: RecordingNotification | Unset = UNSET
        if _openvidu_recording_notification is not UNSET and _openvidu_recording_notification is not None:
            openvidu_recording_notification = check_recording_notification(_openvidu_recording_notification)

        openvidu_recording_custom_layout = d.pop("OPENVIDU_RECORDING_CUSTOM_LAYOUT", UNSET)

        openvidu_recording_autostop_timeout = d.pop("OPENVIDU_RECORDING_AUTOSTOP_TIMEOUT", UNSET)

        openvidu_webhook = d.pop("OPENVIDU_WEBHOOK", UNSET)

        openvidu_webhook_endpoint = d.pop("OPENVIDU_WEBHOOK_ENDPOINT", UNSET)

        openvidu_webhook_headers = cast(list[str], d.pop("OPENVIDU_WEBHOOK_HEADERS", UNSET))

        _openvidu_webhook_events = d.pop("OPENVIDU_WEBHOOK_EVENTS", UNSET)
        openvidu_webhook_events: list[WebhookEvent] | Unset = UNSET
        if _openvidu_webhook_events is not UNSET and _openvidu_webhook_events is not None:
            openvidu_webhook_events = []
            for openvidu_webhook_events_item_data in _openvidu_webhook_events:
                openvidu_webhook_events_item = check_webhook_event(openvidu_webhook_events_item_data)

                openvidu_webhook_events.append(openvidu_webhook_events_item)

        openvidu_streams_video_max_recv_bandwidth = d.pop("OPENVIDU_STREAMS_VIDEO_MAX_RECV_BANDWIDTH", UNSET)

        openvidu_streams_video_min_recv_bandwidth = d.pop("OPENVIDU_STREAMS_VIDEO_MIN_RECV_BANDWIDTH", UNSET)

        openvidu_streams_video_max_send_bandwidth = d.pop("OPENVIDU_STREAMS_VIDEO_MAX_SEND_BANDWIDTH", UNSET)

        openvidu_streams_video_min_send_bandwidth = d.pop("OPENVIDU_STREAMS_VIDEO_MIN_SEND_BANDWIDTH", UNSET)

        openvidu_sessions_garbage_interval = d.pop("OPENVIDU_SESSIONS_GARBAGE_INTERVAL", UNSET)

        openvidu_sessions_garbage_threshold = d.pop("OPENVIDU_SESSIONS_GARBAGE_THRESHOLD", UNSET)

        openvidu_pro_cluster_id = d.pop("OPENVIDU_PRO_CLUSTER_ID", UNSET)

        openvidu_pro_cluster_media_nodes = d.pop("OPENVIDU_PRO_CLUSTER_MEDIA_NODES", UNSET)

        openvidu_pro_cluster_path = d.pop("OPENVIDU_PRO_CLUSTER_PATH", UNSET)

        openvidu_pro_cluster_autoscaling = d.pop("OPENVIDU_PRO_CLUSTER_AUTOSCALING", UNSET)

        openvidu_pro_cluster_autoscaling_max_nodes = d.pop("OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_NODES", UNSET)

        openvidu_pro_cluster_autoscaling_min_nodes = d.pop("OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES", UNSET)

        openvidu_pro_cluster_autoscaling_max_load = d.pop("OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_LOAD", UNSET)

        openvidu_pro_cluster_autoscaling_min_load = d.pop("OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_LOAD", UNSET)

        openvidu_pro_cluster_autoscaling_interval = d.pop("OPENVIDU_PRO_CLUSTER_AUTOSCALING_INTERVAL", UNSET)

        mediafleet_autoscaling_evaluations = d.pop("MEDIAFLEET_AUTOSCALING_EVALUATIONS", UNSET)

        mediafleet_autoscaling_growth_cooldown = d.pop("MEDIAFLEET_AUTOSCALING_GROWTH_COOLDOWN", UNSET)

        mediafleet_autoscaling_shrink_cooldown = d.pop("MEDIAFLEET_AUTOSCALING_SHRINK_COOLDOWN", UNSET)

        mediafleet_autoscaling_max_step = d.pop("MEDIAFLEET_AUTOSCALING_MAX_STEP", UNSET)

        mediafleet_autoscaling_launches_per_hour = d.pop("MEDIAFLEET_AUTOSCALING_LAUNCHES_PER_HOUR", UNSET)

        mediafleet_autoscaling_failed_launches = d.pop("MEDIAFLEET_AUTOSCALING_FAILED_LAUNCHES", UNSET)

        mediafleet_autoscaling_back_off = d.pop("MEDIAFLEET_AUTOSCALING_BACK_OFF", UNSET)

        openvidu_pro_stats_monitoring_interval = d.pop("OPENVIDU_PRO_STATS_MONITORING_INTERVAL", UNSET)

        openvidu_pro_stats_webrtc_interval = d.pop("OPENVIDU_PRO_STATS_WEBRTC_INTERVAL", UNSET)

        restart_properties = cls(
            openvidu_secret=openvidu_secret,
            openvidu_cdr=openvidu_cdr,
            openvidu_recording=openvidu_recording,
            openvidu_recording_path=openvidu_recording_path,
            openvidu_recording_public_access=openvidu_recording_public_access,
            openvidu_recording_notification=openvidu_recording_notification,
            openvidu_recording_custom_layout=openvidu_recording_custom_layout,
            openvidu_recording_autostop_timeout=openvidu_recording_autostop_timeout,
            openvidu_webhook=openvidu_webhook,
            openvidu_webhook_endpoint=openvidu_webhook_endpoint,
            openvidu_webhook_headers=openvidu_webhook_headers,
            openvidu_webhook_events=openvidu_webhook_events,
            openvidu_streams_video_max_recv_bandwidth=openvidu_streams_video_max_recv_bandwidth,
            openvidu_streams_video_min_recv_bandwidth=openvidu_streams_video_min_recv_bandwidth,
            openvidu_streams_video_max_send_bandwidth=openvidu_streams_video_max_send_bandwidth,
            openvidu_streams_video_min_send_bandwidth=openvidu_streams_video_min_send_bandwidth,
            openvidu_sessions_garbage_interval=openvidu_sessions_garbage_interval,
            openvidu_sessions_garbage_threshold=openvidu_sessions_garbage_threshold,
            openvidu_pro_cluster_id=openvidu_pro_cluster_id,
            openvidu_pro_cluster_media_nodes=openvidu_pro_cluster_media_nodes,
            openvidu_pro_cluster_path=openvidu_pro_cluster_path,
            openvidu_pro_cluster_autoscaling=openvidu_pro_cluster_autoscaling,
            openvidu_pro_cluster_autoscaling_max_nodes=openvidu_pro_cluster_autoscaling_max_nodes,
            openvidu_pro_cluster_autoscaling_min_nodes=openvidu_pro_cluster_autoscaling_min_nodes,
            openvidu_pro_cluster_autoscaling_max_load=openvidu_pro_cluster_autoscaling_max_load,
            openvidu_pro_cluster_autoscaling_min_load=openvidu_pro_cluster_autoscaling_min_load,
            openvidu_pro_cluster_autoscaling_interval=openvidu_pro_cluster_autoscaling_interval,
            mediafleet_autoscaling_evaluations=mediafleet_autoscaling_evaluations,
            mediafleet_autoscaling_growth_cooldown=mediafleet_autoscaling_growth_cooldown,
            mediafleet_autoscaling_shrink_cooldown=mediafleet_autoscaling_shrink_cooldown,
            mediafleet_autoscaling_max_step=mediafleet_autoscaling_max_step,
            mediafleet_autoscaling_launches_per_hour=mediafleet_autoscaling_launches_per_hour,
            mediafleet_autoscaling_failed_launches=mediafleet_autoscaling_failed_launches,
            mediafleet_autoscaling_back_off=mediafleet_autoscaling_back_off,
            openvidu_pro_stats_monitoring_interval=openvidu_pro_stats_monitoring_interval,
            openvidu_pro_stats_webrtc_interval=openvidu_pro_stats_webrtc_interval,
        )

        return restart_properties
