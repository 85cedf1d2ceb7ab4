"""Links to Kurento media servers: everything that they send is validated here."""

from mediafleet.kurento.media import KurentoMedia
from mediafleet.kurento.media_servers import KurentoMediaServers
from mediafleet.kurento.settings import LinkSettings

__all__ = ["KurentoMedia", "KurentoMediaServers", "LinkSettings"]
