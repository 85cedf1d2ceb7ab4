from .create_placement import create_placement
from .list_placements import list_placements
from .release_placement import release_placement

__all__ = (
    "list_placements",
    "create_placement",
    "release_placement",
)
