from .openvidu_close_connection import openvidu_close_connection
from .openvidu_close_session import openvidu_close_session
from .openvidu_close_stream import openvidu_close_stream
from .openvidu_create_connection import openvidu_create_connection
from .openvidu_create_session import openvidu_create_session
from .openvidu_create_token import openvidu_create_token
from .openvidu_get_connection import openvidu_get_connection
from .openvidu_get_session import openvidu_get_session
from .openvidu_list_connections import openvidu_list_connections
from .openvidu_list_sessions import openvidu_list_sessions
from .openvidu_modify_connection import openvidu_modify_connection
from .openvidu_send_signal import openvidu_send_signal

__all__ = (
    "openvidu_list_sessions",
    "openvidu_create_session",
    "openvidu_get_session",
    "openvidu_close_session",
    "openvidu_create_token",
    "openvidu_send_signal",
    "openvidu_list_connections",
    "openvidu_create_connection",
    "openvidu_get_connection",
    "openvidu_close_connection",
    "openvidu_modify_connection",
    "openvidu_close_stream",
)
