from .get_config import get_config
from .get_health import get_health
from .restart import restart

__all__ = (
    "restart",
    "get_config",
    "get_health",
)
