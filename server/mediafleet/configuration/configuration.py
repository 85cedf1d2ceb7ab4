"""The configuration in force, as one immutable value with typed access."""

import dataclasses
import enum
import ipaddress
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias, cast

from typing_extensions import override

from mediafleet.configuration.properties import BY_NAME
from mediafleet.configuration.property import NEVER, Use, Value
from mediafleet.configuration.validation import ConfigurationWarning


@dataclass(frozen=True, slots=True, repr=False)
class Sources:
    """What a start reads besides the `.env` file; it has no text form, as it holds secrets.

    Attributes:
        overrides: The command line's values by name; `None` is "not given".
        environ: The environment.
    """

    overrides: Mapping[str, Any]
    environ: Mapping[str, str]


IpNetwork: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


RECONNECTION_S = 3
"""Patience with lost Media Nodes where others can be launched instead, as in OpenVidu 2.22."""


class Origin(enum.Enum):
    """Which source gave a property its value."""

    OVERRIDE = "command line"
    FILE = ".env file"
    ENVIRONMENT = "environment"
    DEFAULT = "default"
    RESTART = "restart"
    MADE = "made by the server"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Configuration:
    """Every property's value and origin. Its text form shows names only, never a value.

    Attributes:
        values: Value by name, of every property that has an effect or is shown.
        origins: Origin by the same names.
        unused: Names in the `.env` file that OpenVidu knows and that have no effect here.
        foreign: Other names in the file, none of which looks like a property of ours.
        warnings: What is probably not meant, a hundred at most.
        sources: From where it was read, the file apart.
    """

    values: Mapping[str, Value]
    origins: Mapping[str, Origin]
    unused: tuple[str, ...]
    foreign: tuple[str, ...]
    warnings: tuple[ConfigurationWarning, ...]
    sources: Sources

    def __getitem__(self, name: str) -> Value:
        return self.values[name]

    @override
    def __repr__(self) -> str:
        given = [name for name, origin in self.origins.items() if origin is not Origin.DEFAULT]
        return f"Configuration(set: {', '.join(given) or 'nothing'})"

    def replaced(self, changes: Mapping[str, Value], origin: Origin) -> "Configuration":
        """Take over values that are known to be valid; `changing` is where they are checked."""
        return dataclasses.replace(
            self,
            values=MappingProxyType({**self.values, **changes}),
            origins=MappingProxyType({**self.origins, **dict.fromkeys(changes, origin)}),
        )

    def with_made(
        self, *, secret: str | None = None, cluster_id: str | None = None
    ) -> "Configuration":
        """Take over a secret or a cluster id that the server made because none was set."""
        made = {"OPENVIDU_SECRET": secret, "OPENVIDU_PRO_CLUSTER_ID": cluster_id}
        given: dict[str, Value] = {name: text for name, text in made.items() if text is not None}
        return self.replaced(given, Origin.MADE)

    @property
    def without_feature(self) -> tuple[str, ...]:
        """Names set to something else than their default although the feature does not exist yet.

        They are stored and shown; each deserves one warning.
        """
        return tuple(
            name
            for name, origin in self.origins.items()
            if origin is not Origin.DEFAULT
            and BY_NAME[name].use is Use.PLANNED
            and self.values[name] != BY_NAME[name].default
        )

    @property
    def secret(self) -> str | None:
        """Password of the REST API; `None` when the server has to make one."""
        return cast("str | None", self["OPENVIDU_SECRET"])

    @property
    def cluster_id(self) -> str | None:
        """Identifier of the cluster; `None` when the server has to make one."""
        return cast("str | None", self["OPENVIDU_PRO_CLUSTER_ID"])

    @property
    def environment(self) -> str:
        """`on_premise`, `local`, `docker`, `aws` or `script`; the app says which it serves."""
        return self._text("OPENVIDU_PRO_CLUSTER_ENVIRONMENT")

    @property
    def cluster_path(self) -> Path:
        """Folder of the scripts; it need not exist."""
        return Path(self._text("OPENVIDU_PRO_CLUSTER_PATH"))

    @property
    def kms_uris(self) -> tuple[str, ...]:
        """Media Nodes to join at start-up, without repetition, in order."""
        return self._texts("KMS_URIS")

    @property
    def cluster_media_nodes(self) -> int:
        """Media Nodes wanted at start-up."""
        return cast("int", self["OPENVIDU_PRO_CLUSTER_MEDIA_NODES"])

    @property
    def wanted_media_nodes(self) -> int:
        """Size of a cluster that launches its nodes: the least with autoscaling, else the fixed."""
        if self["OPENVIDU_PRO_CLUSTER_AUTOSCALING"]:
            return cast("int", self["OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES"])
        return self.cluster_media_nodes

    @property
    def reconnection_timeout(self) -> float | None:
        """Seconds of disconnection after which a Media Node is terminated; `None` for never."""
        given = cast("int | None", self["OPENVIDU_PRO_CLUSTER_RECONNECTION_TIMEOUT"])
        if given is None:
            is_fixed = self.environment == "on_premise"
            autoscales = self["OPENVIDU_PRO_CLUSTER_AUTOSCALING"]
            given = NEVER if is_fixed and not autoscales else RECONNECTION_S
        return None if given == NEVER else float(given)

    @property
    def public_url(self) -> str:
        """`https://HOST`, with `:PORT` unless it is 443, without a slash at its end."""
        host = self._text("DOMAIN_OR_PUBLIC_IP")
        port = cast("int", self["HTTPS_PORT"])
        shown = f"[{host}]" if ":" in host else host
        return f"https://{shown}" if port == 443 else f"https://{shown}:{port}"  # noqa: PLR2004 - the port of https

    @property
    def bind_address(self) -> str:
        """Address to listen on; IPv6 without brackets."""
        return self._text("MEDIAFLEET_BIND_ADDRESS")

    @property
    def port(self) -> int:
        """Port to listen on: the command line's, else SERVER_PORT, else MEDIAFLEET_PORT."""
        own = cast("int", self["MEDIAFLEET_PORT"])
        if self.origins["MEDIAFLEET_PORT"] is Origin.OVERRIDE:
            return own
        return cast("int | None", self["SERVER_PORT"]) or own

    @property
    def data_dir(self) -> Path:
        """Absolute path of the server's own directory; it may not exist yet."""
        return Path(self._text("MEDIAFLEET_DATA_DIR"))

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the store; it may hold a password."""
        given = cast("str | None", self["MEDIAFLEET_DATABASE_URL"])
        return given or f"sqlite+aiosqlite:///{self.data_dir / 'mediafleet.db'}"

    @property
    def allowed_node_networks(self) -> tuple[IpNetwork, ...]:
        """Networks in which a Media Node's resolved address has to be."""
        return tuple(map(ipaddress.ip_network, self._texts("MEDIAFLEET_ALLOWED_NODE_NETWORKS")))

    @property
    def node_ca_file(self) -> Path | None:
        """PEM file of authorities for `wss://`; `None` for the system's."""
        given = cast("str | None", self["MEDIAFLEET_NODE_CA_FILE"])
        return None if given is None else Path(given)

    @property
    def cors_origins(self) -> tuple[str, ...]:
        """Origins allowed to call from a browser; empty for none."""
        return self._texts("MEDIAFLEET_CORS_ORIGINS")

    @property
    def connections_per_address(self) -> int:
        """Connections that one client address may have at a time."""
        return cast("int", self["MEDIAFLEET_CONNECTIONS_PER_ADDRESS"])

    @property
    def load_interval(self) -> float:
        """Seconds between two load measurements of a node."""
        return cast("float", self["MEDIAFLEET_LOAD_INTERVAL"])

    @property
    def ping_interval(self) -> float:
        """Seconds between two pings of a node."""
        return cast("float", self["MEDIAFLEET_PING_INTERVAL"])

    @property
    def ping_timeout(self) -> float:
        """Seconds without an answer until a node is suspect."""
        return cast("float", self["MEDIAFLEET_PING_TIMEOUT"])

    @property
    def ping_probes(self) -> int:
        """Further pings that a suspect node may leave unanswered."""
        return cast("int", self["MEDIAFLEET_PING_PROBES"])

    @property
    def ping_probe_interval(self) -> float:
        """Seconds between two of these, and after the last."""
        return cast("float", self["MEDIAFLEET_PING_PROBE_INTERVAL"])

    @property
    def launch_timeout(self) -> float:
        """Seconds a node may take from launch to running."""
        return cast("float", self["MEDIAFLEET_LAUNCH_TIMEOUT"])

    @property
    def local_command(self) -> str | None:
        """Command line of a local Media Node; `None` when none is configured."""
        return cast("str | None", self["MEDIAFLEET_LOCAL_COMMAND"])

    @property
    def local_max_nodes(self) -> int:
        """Local Media Nodes that may run at a time."""
        return cast("int", self["MEDIAFLEET_LOCAL_MAX_NODES"])

    @property
    def docker_host(self) -> str | None:
        """URL of the Docker Engine; `None` as the docker command finds it."""
        return self._text("MEDIAFLEET_DOCKER_HOST") or None

    @property
    def docker_image(self) -> str:
        """Image of a Media Node, with its tag."""
        return self._text("MEDIAFLEET_DOCKER_IMAGE")

    @property
    def docker_command(self) -> tuple[str, ...]:
        """Words of the containers' command; empty for the image's own."""
        return tuple(shlex.split(cast("str | None", self["MEDIAFLEET_DOCKER_COMMAND"]) or ""))

    @property
    def docker_network(self) -> str:
        """Network of the containers."""
        return self._text("MEDIAFLEET_DOCKER_NETWORK")

    @property
    def docker_memory_mib(self) -> int | None:
        """Most memory of a container in MiB; `None` for no limit."""
        return cast("int", self["MEDIAFLEET_DOCKER_MEMORY"]) or None

    @property
    def docker_cpus(self) -> float | None:
        """Most processors of a container; `None` for no limit."""
        return cast("float", self["MEDIAFLEET_DOCKER_CPUS"]) or None

    @property
    def docker_labels(self) -> Mapping[str, str]:
        """Further labels of the containers."""
        pairs = (label.partition("=") for label in self._texts("MEDIAFLEET_DOCKER_LABELS"))
        return {name: value for name, _, value in pairs}

    @property
    def docker_pull(self) -> str:
        """`missing`, `always` or `never`."""
        return self._text("MEDIAFLEET_DOCKER_PULL")

    @property
    def aws_texts(self) -> Mapping[str, str | None]:
        """AWS properties that are text, by name; `None` where nothing is set."""
        return {
            name: cast("str | None", value) or None
            for name, value in self.values.items()
            if name.startswith("AWS_") and name != "AWS_VOLUME_SIZE"
        }

    @property
    def aws_access_key(self) -> tuple[str, str] | None:
        """Id and key of the `.env` file; `None` leaves it to AWS's own sources.

        In the environment they may be temporary ones, with a session token beside them.
        """
        if self.origins["AWS_ACCESS_KEY_ID"] is Origin.ENVIRONMENT:
            return None
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        key_id, key = (cast("str | None", self[name]) for name in names)
        return (key_id, key) if key_id and key else None

    @property
    def aws_volume_size(self) -> int | None:
        """GiB of an instance's root disk; `None` for what the image has."""
        return cast("int", self["AWS_VOLUME_SIZE"]) or None

    @property
    def aws_node_port(self) -> int:
        """Port of the media server on an instance."""
        return cast("int", self["MEDIAFLEET_AWS_NODE_PORT"])

    @property
    def aws_endpoint(self) -> str | None:
        """URL of EC2; `None` for that of the region."""
        return self._text("MEDIAFLEET_AWS_ENDPOINT") or None

    @property
    def registrar_token(self) -> str | None:
        """Part of the path where media servers announce themselves; `None`: they cannot."""
        return self._text("MEDIAFLEET_REGISTRAR_TOKEN") or None

    @property
    def registrar_networks(self) -> tuple[IpNetwork, ...]:
        """Networks from which they may come."""
        return tuple(map(ipaddress.ip_network, self._texts("MEDIAFLEET_REGISTRAR_NETWORKS")))

    @property
    def log_format(self) -> str:
        """`console` or `json`."""
        return self._text("MEDIAFLEET_LOG_FORMAT")

    def _text(self, name: str) -> str:
        return cast("str", self[name])

    def _texts(self, name: str) -> tuple[str, ...]:
        return cast("tuple[str, ...]", self[name])
