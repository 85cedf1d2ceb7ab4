"""The configuration in force, as one immutable value with typed access."""

import dataclasses
import enum
import ipaddress
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

from typing_extensions import override

from mediafleet.configuration.properties import BY_NAME
from mediafleet.configuration.property import NEVER, Use, Value, typed
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
T = TypeVar("T")

RECONNECTION_S = 3
"""Seconds until a lost Media Node is replaced where others can be launched, as in OpenVidu 2.22."""


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
        unused: Names in the `.env` file that belong to OpenVidu and have no effect here.
        unknown: Other names in the file that resemble no property.
        warnings: Suspicious names and values, a hundred at most.
        sources: From where it was read, the file apart.
    """

    values: Mapping[str, Value]
    origins: Mapping[str, Origin]
    unused: tuple[str, ...]
    unknown: tuple[str, ...]
    warnings: tuple[ConfigurationWarning, ...]
    sources: Sources

    def __getitem__(self, name: str) -> Value:
        return self.values[name]

    def get(self, name: str, kind: type[T]) -> T:
        """Value of a property that always has one, as its type: bool, int, float, str or tuple.

        Raises:
            TypeError: It has no value, or one of another type.
        """
        return typed(self.values, name, kind)

    def find(self, name: str, kind: type[T]) -> T | None:
        """Value of a property that may have none; see `get`."""
        return None if self.values[name] is None else self.get(name, kind)

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
        return self.find("OPENVIDU_SECRET", str)

    @property
    def cluster_id(self) -> str | None:
        """Identifier of the cluster; `None` when the server has to make one."""
        return self.find("OPENVIDU_PRO_CLUSTER_ID", str)

    @property
    def environment(self) -> str:
        """`on_premise`, `local`, `docker`, `aws` or `script`; the app says which it serves."""
        return self.get("OPENVIDU_PRO_CLUSTER_ENVIRONMENT", str)

    @property
    def cluster_path(self) -> Path:
        """Folder of the scripts; it need not exist."""
        return Path(self.get("OPENVIDU_PRO_CLUSTER_PATH", str))

    @property
    def kms_uris(self) -> tuple[str, ...]:
        """Media Nodes to join at start-up, without repetition, in order."""
        return self.get("KMS_URIS", tuple)

    @property
    def autoscales(self) -> bool:
        """Whether the number of Media Nodes follows the load."""
        return self.get("OPENVIDU_PRO_CLUSTER_AUTOSCALING", bool)

    def autoscaling(self, name: str) -> int:
        """A number of autoscaling.

        Args:
            name: Of the property, without `OPENVIDU_PRO_CLUSTER_AUTOSCALING_` or
                `MEDIAFLEET_AUTOSCALING_`.
        """
        published = f"OPENVIDU_PRO_CLUSTER_AUTOSCALING_{name}"
        own = f"MEDIAFLEET_AUTOSCALING_{name}"
        return self.get(published if published in self.values else own, int)

    @property
    def autoscaling_hook(self) -> tuple[str, ...]:
        """Words of the command that is passed requests for Media Nodes; empty for none."""
        return tuple(shlex.split(self.find("MEDIAFLEET_AUTOSCALING_HOOK", str) or ""))

    @property
    def reconnection_timeout(self) -> float | None:
        """Seconds of disconnection after which a Media Node is terminated; `None` for never."""
        given = self.find("OPENVIDU_PRO_CLUSTER_RECONNECTION_TIMEOUT", int)
        if given is None:
            is_fixed = self.environment == "on_premise"
            given = NEVER if is_fixed and not self.autoscales else RECONNECTION_S
        return None if given == NEVER else float(given)

    @property
    def public_url(self) -> str:
        """`https://HOST`, with `:PORT` unless it is 443, without a slash at its end."""
        host = self.get("DOMAIN_OR_PUBLIC_IP", str)
        port = self.get("HTTPS_PORT", int)
        shown = f"[{host}]" if ":" in host else host
        return f"https://{shown}" if port == 443 else f"https://{shown}:{port}"  # noqa: PLR2004 - the port of https

    @property
    def port(self) -> int:
        """Port to listen on: the command line's, else SERVER_PORT, else MEDIAFLEET_PORT."""
        own = self.get("MEDIAFLEET_PORT", int)
        if self.origins["MEDIAFLEET_PORT"] is Origin.OVERRIDE:
            return own
        return self.find("SERVER_PORT", int) or own

    @property
    def data_dir(self) -> Path:
        """Absolute path of the server's own directory; it may not exist yet."""
        return Path(self.get("MEDIAFLEET_DATA_DIR", str))

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the store; it may hold a password."""
        given = self.find("MEDIAFLEET_DATABASE_URL", str)
        return given or f"sqlite:///{self.data_dir / 'mediafleet.db'}"

    @property
    def allowed_node_networks(self) -> tuple[IpNetwork, ...]:
        """Networks in which a Media Node's resolved address must be."""
        return tuple(map(ipaddress.ip_network, self.get("MEDIAFLEET_ALLOWED_NODE_NETWORKS", tuple)))

    @property
    def node_ca_file(self) -> Path | None:
        """PEM file of authorities for `wss://`; `None` for the system's."""
        given = self.find("MEDIAFLEET_NODE_CA_FILE", str)
        return None if given is None else Path(given)

    @property
    def load_interval(self) -> float:
        """Seconds between two load measurements of a node."""
        return self.get("MEDIAFLEET_LOAD_INTERVAL", float)

    @property
    def launch_timeout(self) -> float:
        """Seconds a node may take from launch to running."""
        return self.get("MEDIAFLEET_LAUNCH_TIMEOUT", float)

    @property
    def aws_access_key(self) -> tuple[str, str] | None:
        """Id and key of the `.env` file; `None` leaves it to AWS's own sources.

        In the environment they may be temporary ones, with a session token beside them.
        """
        if self.origins["AWS_ACCESS_KEY_ID"] is Origin.ENVIRONMENT:
            return None
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        key_id, key = (self.find(name, str) for name in names)
        return (key_id, key) if key_id and key else None

    @property
    def registrar_token(self) -> str | None:
        """Part of the path where media servers announce themselves; `None`: they cannot."""
        return self.get("MEDIAFLEET_REGISTRAR_TOKEN", str) or None

    @property
    def registrar_networks(self) -> tuple[IpNetwork, ...]:
        """Networks from which they may come."""
        return tuple(map(ipaddress.ip_network, self.get("MEDIAFLEET_REGISTRAR_NETWORKS", tuple)))
