"""Links to Kurento media servers: everything they say is untrusted until it left this room."""

from mediafleet.kurento.media_servers import KurentoMediaServers
from mediafleet.kurento.settings import LinkSettings

__all__ = ["KurentoMediaServers", "LinkSettings"]
