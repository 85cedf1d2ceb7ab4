from .openvidu_delete_recording import openvidu_delete_recording
from .openvidu_get_recording import openvidu_get_recording
from .openvidu_list_recordings import openvidu_list_recordings
from .openvidu_start_recording import openvidu_start_recording
from .openvidu_stop_recording import openvidu_stop_recording

__all__ = (
    "openvidu_start_recording",
    "openvidu_stop_recording",
    "openvidu_get_recording",
    "openvidu_delete_recording",
    "openvidu_list_recordings",
)
