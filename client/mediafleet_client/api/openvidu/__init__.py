from .openvidu_add_media_node import openvidu_add_media_node
from .openvidu_autodiscover_media_nodes import openvidu_autodiscover_media_nodes
from .openvidu_get_cdr_file import openvidu_get_cdr_file
from .openvidu_get_config import openvidu_get_config
from .openvidu_get_health import openvidu_get_health
from .openvidu_get_media_node import openvidu_get_media_node
from .openvidu_get_status import openvidu_get_status
from .openvidu_list_cdr_files import openvidu_list_cdr_files
from .openvidu_list_media_nodes import openvidu_list_media_nodes
from .openvidu_modify_media_node import openvidu_modify_media_node
from .openvidu_remove_media_node import openvidu_remove_media_node
from .openvidu_restart import openvidu_restart

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
)
