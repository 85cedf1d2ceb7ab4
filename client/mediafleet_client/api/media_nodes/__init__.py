from .add_media_node import add_media_node
from .autodiscover_media_nodes import autodiscover_media_nodes
from .drain_media_node import drain_media_node
from .end_media_node_drain import end_media_node_drain
from .get_media_node import get_media_node
from .get_media_node_diagnostics import get_media_node_diagnostics
from .get_media_node_drain import get_media_node_drain
from .get_media_node_labels import get_media_node_labels
from .list_media_nodes import list_media_nodes
from .modify_media_node import modify_media_node
from .remove_media_node import remove_media_node
from .set_media_node_labels import set_media_node_labels

__all__ = (
    "list_media_nodes",
    "autodiscover_media_nodes",
    "add_media_node",
    "get_media_node",
    "remove_media_node",
    "modify_media_node",
    "get_media_node_diagnostics",
    "get_media_node_drain",
    "drain_media_node",
    "end_media_node_drain",
    "get_media_node_labels",
    "set_media_node_labels",
)
