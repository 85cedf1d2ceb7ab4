"""The servers that Mediafleet is measured beside, each an ASGI application named ``app``."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Final

USER: Final = "OPENVIDUAPP"
SECRET: Final = "a-secret-of-the-benchmark"
AUTHORIZATION: Final = "Basic " + b64encode(f"{USER}:{SECRET}".encode()).decode()


@dataclass(frozen=True, slots=True)
class Peer:
    """One row of the table.

    Attributes:
        key: Name for ``--only``, and of the module here.
        title: Name in the table; the distributions whose versions belong to it are in braces.
        validates: What it checks of an answer before it sends it.
    """

    key: str
    title: str
    validates: str


MEDIAFLEET: Final = Peer("mediafleet", "**Mediafleet**", "all of it")
FLOOR: Final = Peer("raw_asgi", "raw ASGI, the floor", "nothing")
FASTAPI: Final = Peer("fastapi_model", "FastAPI {fastapi} + response model", "all of it")
PEERS: Final = (
    MEDIAFLEET,
    FLOOR,
    Peer("blacksheep_msgspec", "BlackSheep {blacksheep} + msgspec", "all of it"),
    Peer("litestar_msgspec", "Litestar {litestar} + msgspec", "all of it"),
    Peer("fastapi_tuned", "FastAPI {fastapi}, tuned by hand", "nothing"),
    FASTAPI,
    Peer("stock_connexion", "Connexion {connexion} as it comes", "all of it"),
)
