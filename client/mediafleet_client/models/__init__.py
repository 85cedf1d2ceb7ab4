"""Contains all the data models used in inputs/outputs"""

from .at_deadline import AtDeadline
from .autoscaling import Autoscaling
from .autoscaling_blind_event import AutoscalingBlindEvent
from .autoscaling_cause import AutoscalingCause
from .autoscaling_decision import AutoscalingDecision
from .autoscaling_event import AutoscalingEvent
from .autoscaling_guards import AutoscalingGuards
from .autoscaling_input import AutoscalingInput
from .autoscaling_launch import AutoscalingLaunch
from .autoscaling_limits import AutoscalingLimits
from .autoscaling_media_nodes import AutoscalingMediaNodes
from .autoscaling_policy import AutoscalingPolicy
from .autoscaling_status import AutoscalingStatus
from .autoscaling_system import AutoscalingSystem
from .autoscaling_termination import AutoscalingTermination
from .candidate import Candidate
from .capacity import Capacity
from .chosen_media_node import ChosenMediaNode
from .cluster_environment import ClusterEnvironment
from .community_config import CommunityConfig
from .config import Config
from .connection import Connection
from .connection_kind import ConnectionKind
from .connection_list import ConnectionList
from .connection_object import ConnectionObject
from .connection_patch import ConnectionPatch
from .connection_role import ConnectionRole
from .connection_status import ConnectionStatus
from .connection_to_create import ConnectionToCreate
from .connection_to_create_kurento_options_type_0 import ConnectionToCreateKurentoOptionsType0
from .considered import Considered
from .created_session import CreatedSession
from .dead_letter import DeadLetter
from .dead_letter_page import DeadLetterPage
from .dead_letters_to_replay import DeadLettersToReplay
from .default_recording_properties import DefaultRecordingProperties
from .deletion_strategy import DeletionStrategy
from .drain import Drain
from .drain_change import DrainChange
from .drain_limit import DrainLimit
from .endpoint_event import EndpointEvent
from .error_body import ErrorBody
from .error_detail import ErrorDetail
from .event_page import EventPage
from .event_payload import EventPayload
from .failed_component import FailedComponent
from .failed_dial import FailedDial
from .failure_decision import FailureDecision
from .filter_event_dispatched_event import FilterEventDispatchedEvent
from .filter_method import FilterMethod
from .filter_method_params import FilterMethodParams
from .finding import Finding
from .health import Health
from .health_status import HealthStatus
from .ice_server import IceServer
from .ip_camera_to_publish import IpCameraToPublish
from .kurento_info import KurentoInfo
from .kurento_module import KurentoModule
from .kurento_options import KurentoOptions
from .labels import Labels
from .labels_to_set import LabelsToSet
from .media_filter import MediaFilter
from .media_filter_options import MediaFilterOptions
from .media_mode import MediaMode
from .media_node import MediaNode
from .media_node_deduplicated_event import MediaNodeDeduplicatedEvent
from .media_node_diagnostics import MediaNodeDiagnostics
from .media_node_drain_changed_event import MediaNodeDrainChangedEvent
from .media_node_forgotten_event import MediaNodeForgottenEvent
from .media_node_labels import MediaNodeLabels
from .media_node_labels_changed_event import MediaNodeLabelsChangedEvent
from .media_node_list import MediaNodeList
from .media_node_object import MediaNodeObject
from .media_node_patch import MediaNodePatch
from .media_node_status import MediaNodeStatus
from .media_node_status_changed_event import MediaNodeStatusChangedEvent
from .media_node_to_add import MediaNodeToAdd
from .media_node_to_use import MediaNodeToUse
from .media_options import MediaOptions
from .media_server_kind import MediaServerKind
from .node_crashed_event import NodeCrashedEvent
from .node_recovered_event import NodeRecoveredEvent
from .offered_candidate import OfferedCandidate
from .open_vidu_connection import OpenViduConnection
from .open_vidu_connection_list import OpenViduConnectionList
from .open_vidu_health import OpenViduHealth
from .open_vidu_health_status import OpenViduHealthStatus
from .open_vidu_media_node import OpenViduMediaNode
from .open_vidu_media_node_list import OpenViduMediaNodeList
from .open_vidu_session import OpenViduSession
from .open_vidu_session_list import OpenViduSessionList
from .open_vidu_session_to_create import OpenViduSessionToCreate
from .open_vidu_session_to_create_default_recording_properties_type_0 import (
    OpenViduSessionToCreateDefaultRecordingPropertiesType0,
)
from .open_vidu_session_to_create_media_node_type_0 import OpenViduSessionToCreateMediaNodeType0
from .open_vidu_status import OpenViduStatus
from .open_vidu_token import OpenViduToken
from .participant_joined_event import ParticipantJoinedEvent
from .participant_left_event import ParticipantLeftEvent
from .ping import Ping
from .placed_session import PlacedSession
from .placement import Placement
from .placement_list import PlacementList
from .publisher import Publisher
from .recorded_session import RecordedSession
from .recording_layout import RecordingLayout
from .recording_list import RecordingList
from .recording_mode import RecordingMode
from .recording_notification import RecordingNotification
from .recording_output_mode import RecordingOutputMode
from .recording_status import RecordingStatus
from .recording_to_start import RecordingToStart
from .replay import Replay
from .requestable_media_node_status import RequestableMediaNodeStatus
from .restart_properties import RestartProperties
from .scaled_media_node import ScaledMediaNode
from .session import Session
from .session_created_event import SessionCreatedEvent
from .session_destroyed_event import SessionDestroyedEvent
from .session_list import SessionList
from .session_media_node import SessionMediaNode
from .session_object import SessionObject
from .session_to_create import SessionToCreate
from .session_to_place import SessionToPlace
from .signal_to_send import SignalToSend
from .stored_event import StoredEvent
from .subscriber import Subscriber
from .token import Token
from .token_to_create import TokenToCreate
from .token_to_create_kurento_options_type_0 import TokenToCreateKurentoOptionsType0
from .video_codec import VideoCodec
from .video_source import VideoSource
from .waiting_media_node import WaitingMediaNode
from .webhook_event import WebhookEvent
from .webhook_state import WebhookState
from .webrtc_connection_created_event import WebrtcConnectionCreatedEvent
from .webrtc_connection_destroyed_event import WebrtcConnectionDestroyedEvent

__all__ = (
    "AtDeadline",
    "Autoscaling",
    "AutoscalingBlindEvent",
    "AutoscalingCause",
    "AutoscalingDecision",
    "AutoscalingEvent",
    "AutoscalingGuards",
    "AutoscalingInput",
    "AutoscalingLaunch",
    "AutoscalingLimits",
    "AutoscalingMediaNodes",
    "AutoscalingPolicy",
    "AutoscalingStatus",
    "AutoscalingSystem",
    "AutoscalingTermination",
    "Candidate",
    "Capacity",
    "ChosenMediaNode",
    "ClusterEnvironment",
    "CommunityConfig",
    "Config",
    "Connection",
    "ConnectionKind",
    "ConnectionList",
    "ConnectionObject",
    "ConnectionPatch",
    "ConnectionRole",
    "ConnectionStatus",
    "ConnectionToCreate",
    "ConnectionToCreateKurentoOptionsType0",
    "Considered",
    "CreatedSession",
    "DeadLetter",
    "DeadLetterPage",
    "DeadLettersToReplay",
    "DefaultRecordingProperties",
    "DeletionStrategy",
    "Drain",
    "DrainChange",
    "DrainLimit",
    "EndpointEvent",
    "ErrorBody",
    "ErrorDetail",
    "EventPage",
    "EventPayload",
    "FailedComponent",
    "FailedDial",
    "FailureDecision",
    "FilterEventDispatchedEvent",
    "FilterMethod",
    "FilterMethodParams",
    "Finding",
    "Health",
    "HealthStatus",
    "IceServer",
    "IpCameraToPublish",
    "KurentoInfo",
    "KurentoModule",
    "KurentoOptions",
    "Labels",
    "LabelsToSet",
    "MediaFilter",
    "MediaFilterOptions",
    "MediaMode",
    "MediaNode",
    "MediaNodeDeduplicatedEvent",
    "MediaNodeDiagnostics",
    "MediaNodeDrainChangedEvent",
    "MediaNodeForgottenEvent",
    "MediaNodeLabels",
    "MediaNodeLabelsChangedEvent",
    "MediaNodeList",
    "MediaNodeObject",
    "MediaNodePatch",
    "MediaNodeStatus",
    "MediaNodeStatusChangedEvent",
    "MediaNodeToAdd",
    "MediaNodeToUse",
    "MediaOptions",
    "MediaServerKind",
    "NodeCrashedEvent",
    "NodeRecoveredEvent",
    "OfferedCandidate",
    "OpenViduConnection",
    "OpenViduConnectionList",
    "OpenViduHealth",
    "OpenViduHealthStatus",
    "OpenViduMediaNode",
    "OpenViduMediaNodeList",
    "OpenViduSession",
    "OpenViduSessionList",
    "OpenViduSessionToCreate",
    "OpenViduSessionToCreateDefaultRecordingPropertiesType0",
    "OpenViduSessionToCreateMediaNodeType0",
    "OpenViduStatus",
    "OpenViduToken",
    "ParticipantJoinedEvent",
    "ParticipantLeftEvent",
    "Ping",
    "PlacedSession",
    "Placement",
    "PlacementList",
    "Publisher",
    "RecordedSession",
    "RecordingLayout",
    "RecordingList",
    "RecordingMode",
    "RecordingNotification",
    "RecordingOutputMode",
    "RecordingStatus",
    "RecordingToStart",
    "Replay",
    "RequestableMediaNodeStatus",
    "RestartProperties",
    "ScaledMediaNode",
    "Session",
    "SessionCreatedEvent",
    "SessionDestroyedEvent",
    "SessionList",
    "SessionMediaNode",
    "SessionObject",
    "SessionToCreate",
    "SessionToPlace",
    "SignalToSend",
    "StoredEvent",
    "Subscriber",
    "Token",
    "TokenToCreate",
    "TokenToCreateKurentoOptionsType0",
    "VideoCodec",
    "VideoSource",
    "WaitingMediaNode",
    "WebhookEvent",
    "WebhookState",
    "WebrtcConnectionCreatedEvent",
    "WebrtcConnectionDestroyedEvent",
)
