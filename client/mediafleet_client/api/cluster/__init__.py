from .get_autoscaling import get_autoscaling
from .get_config import get_config
from .get_health import get_health
from .get_liveness import get_liveness
from .get_metrics import get_metrics
from .get_readiness import get_readiness
from .restart import restart

__all__ = (
    "restart",
    "get_config",
    "get_health",
    "get_liveness",
    "get_readiness",
    "get_metrics",
    "get_autoscaling",
)
