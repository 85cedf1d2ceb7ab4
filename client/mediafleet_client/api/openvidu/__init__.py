from .accept_certificate import accept_certificate
from .close_connection import close_connection
from .close_session import close_session
from .close_stream import close_stream
from .create_connection import create_connection
from .create_session import create_session
from .create_token import create_token
from .delete_recording import delete_recording
from .get_community_config import get_community_config
from .get_openvidu_cdr import get_openvidu_cdr
from .get_openvidu_publicurl import get_openvidu_publicurl
from .get_openvidu_recording import get_openvidu_recording
from .get_openvidu_recording_path import get_openvidu_recording_path
from .get_openvidu_version import get_openvidu_version
from .get_recording import get_recording
from .get_session import get_session
from .list_recordings import list_recordings
from .list_sessions import list_sessions
from .openvidu_accept_certificate import openvidu_accept_certificate
from .openvidu_add_media_node import openvidu_add_media_node
from .openvidu_autodiscover_media_nodes import openvidu_autodiscover_media_nodes
from .openvidu_get_cdr_file import openvidu_get_cdr_file
from .openvidu_get_config import openvidu_get_config
from .openvidu_get_health import openvidu_get_health
from .openvidu_get_media_node import openvidu_get_media_node
from .openvidu_get_openvidu_cdr import openvidu_get_openvidu_cdr
from .openvidu_get_openvidu_publicurl import openvidu_get_openvidu_publicurl
from .openvidu_get_openvidu_recording import openvidu_get_openvidu_recording
from .openvidu_get_openvidu_recording_path import openvidu_get_openvidu_recording_path
from .openvidu_get_openvidu_version import openvidu_get_openvidu_version
from .openvidu_get_status import openvidu_get_status
from .openvidu_list_cdr_files import openvidu_list_cdr_files
from .openvidu_list_media_nodes import openvidu_list_media_nodes
from .openvidu_modify_media_node import openvidu_modify_media_node
from .openvidu_remove_media_node import openvidu_remove_media_node
from .openvidu_restart import openvidu_restart
from .send_signal import send_signal
from .start_recording import start_recording
from .stop_recording import stop_recording

__all__ = (
    "openvidu_list_media_nodes",
    "openvidu_autodiscover_media_nodes",
    "openvidu_add_media_node",
    "openvidu_get_media_node",
    "openvidu_remove_media_node",
    "openvidu_modify_media_node",
    "openvidu_restart",
    "openvidu_get_config",
    "openvidu_get_health",
    "openvidu_get_status",
    "openvidu_list_cdr_files",
    "openvidu_get_cdr_file",
    "list_sessions",
    "create_session",
    "get_session",
    "close_session",
    "create_token",
    "send_signal",
    "create_connection",
    "close_connection",
    "close_stream",
    "start_recording",
    "stop_recording",
    "get_recording",
    "delete_recording",
    "list_recordings",
    "get_community_config",
    "get_openvidu_version",
    "get_openvidu_publicurl",
    "get_openvidu_recording",
    "get_openvidu_recording_path",
    "get_openvidu_cdr",
    "accept_certificate",
    "openvidu_get_openvidu_version",
    "openvidu_get_openvidu_publicurl",
    "openvidu_get_openvidu_recording",
    "openvidu_get_openvidu_recording_path",
    "openvidu_get_openvidu_cdr",
    "openvidu_accept_certificate",
)
