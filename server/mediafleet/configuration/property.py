"""What is known about one property; the properties themselves are in the tables."""

import enum
from dataclasses import dataclass
from typing import Final

from mediafleet.configuration.kinds import Kind, Value
from mediafleet.configuration.problems import MASK


class Shown(enum.Enum):
    """When GET /pro/config shows a property."""

    NEVER = "never"
    ALWAYS = "always"
    RECORDING = "recording on"
    WEBHOOK = "webhook on"
    AUTOSCALING = "autoscaling on"
    ELASTICSEARCH = "Elasticsearch set"
    KIBANA = "Kibana set"
    NOT_EMPTY = "recording on and not empty"


class Use(enum.Enum):
    """What this server makes of a property."""

    ACTIVE = "active"
    PLANNED = "planned"
    """Stored and shown; the feature does not exist yet, so setting it deserves a warning."""
    KEPT = "kept"
    """Belongs to another part of an OpenVidu deployment; left in the file, worth one note."""
    REPORTED = "reported"
    """Worked out by the server for GET /pro/config; nobody can set it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One configuration property.

    Attributes:
        name: Upper snake case, as in the file, in the environment and in JSON.
        kind: Its values.
        default: Value when no source sets it; `None` when it has none.
        doc: One sentence for the table of docs/configuration.md.
        use: What this server makes of it.
        shown: When GET /pro/config shows it.
        secret: Whether its value must never leave the process.
        modifiable: Whether POST /pro/restart may change it.
        aliases: Older names, read when the name itself is not set.
        default_note: What the table shows for a default that is worked out.
    """

    name: str
    kind: Kind
    doc: str
    default: Value = None
    use: Use = Use.ACTIVE
    shown: Shown = Shown.NEVER
    secret: bool = False
    modifiable: bool = False
    aliases: tuple[str, ...] = ()
    default_note: str | None = None

    def show(self, value: object) -> str:
        """Show a value, allowed or not, in a problem or a log; `***` for a secret."""
        return MASK if self.secret else self.kind.show(value)


OPENVIDU_SERVER_VERSION: Final = "2.15.0"
"""The release of OpenVidu whose interface is spoken."""
