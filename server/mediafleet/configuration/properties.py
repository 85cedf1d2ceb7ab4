"""All properties, by name; and those of OpenVidu's deployment that have no effect here.

A property is declared once: in `openvidu_properties`, in `own_properties` or here. Reading,
validation, GET /pro/config, restarts and the documents follow the declaration, and
`Configuration.get` returns its typed value.

Those without effect stay in the `.env` file and are checked only where OpenVidu documents a rule
for them, so that the file of an official deployment can be used as it is.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from mediafleet.configuration.openvidu_properties import OPENVIDU_PROPERTIES
from mediafleet.configuration.own_properties import OWN_PROPERTIES
from mediafleet.configuration.property import Boolean, Integer, Property, Use
from mediafleet.configuration.text_kinds import Choice, OptionalAddress, Text

_DOC: Final = "Part of an OpenVidu deployment; kept, without effect."

_kept = partial(Property, use=Use.KEPT, doc=_DOC)


def _texts(names: Iterable[str], *, secret: bool) -> tuple[Property, ...]:
    return tuple(_kept(name=name, kind=Text(), secret=secret) for name in names)


FAMILIES: Final = (
    "KMS_DOCKER_ENV_",
    "OPENVIDU_ENTERPRISE_",
    "OPENVIDU_PRO_AWS_",
    "OPENVIDU_PRO_COTURN_",
    "OPENVIDU_PRO_NETWORK_QUALITY",
    "OPENVIDU_PRO_SPEECH_TO_TEXT",
    "RM_",
)
"""How further names begin that have no effect; nothing of them is checked."""

DEPLOYMENT_PROPERTIES: Final = (
    _kept(name="CERTIFICATE_TYPE", kind=Choice(("selfsigned", "owncert", "letsencrypt"))),
    _kept(name="HTTP_PORT", kind=Integer(minimum=1, maximum=65535)),
    _kept(name="OPENVIDU_EDITION", kind=Text()),
    _kept(name="OPENVIDU_RECORDING_DEBUG", kind=Boolean()),
    _kept(name="OPENVIDU_PRO_CLUSTER", kind=Boolean()),
    _kept(name="OPENVIDU_PRO_CLUSTER_MODE", kind=Choice(("auto", "manual"))),
    _kept(
        name="OPENVIDU_PRO_CLUSTER_LOAD_STRATEGY",
        kind=Choice(("streams", "sessions", "mediaObjects", "cpu")),
    ),
    _kept(name="OPENVIDU_PRO_CLUSTER_LOAD_INTERVAL", kind=Integer()),
    _kept(name="OPENVIDU_PRO_CLUSTER_TEST", kind=Boolean()),
    _kept(name="OPENVIDU_PRO_PRIVATE_IP", kind=OptionalAddress()),
    *_texts(
        (
            "ALLOWED_ACCESS_TO_DASHBOARD",
            "ALLOWED_ACCESS_TO_RESTAPI",
            "AWS_CLI_DOCKER_TAG",
            "AWS_INSTANCE_ID",
            "COTURN_INTERNAL_RELAY",
            "COTURN_REDIS_CONNECT_TIMEOUT",
            "COTURN_REDIS_DBNAME",
            "COTURN_REDIS_IP",
            "ES_JAVA_OPTS",
            "JAVA_OPTIONS",
            "KIBANA_USER",
            "KMS_IMAGE",
            "LETSENCRYPT_EMAIL",
            "MEDIASOUP_IMAGE",
            "MEDIA_NODES_PUBLIC_IPS",
            "OPENVIDU_BROWSER_LOGS",
            "OPENVIDU_DEV",
            "OPENVIDU_HTTPS_PORT",
            "OPENVIDU_HTTP_PORT",
            "OPENVIDU_PRO_CLUSTER_AUTODISCOVERY",
            "OPENVIDU_PRO_ELASTICSEARCH_MAX_DAYS_ROLLOVER",
            "OPENVIDU_PRO_ELASTICSEARCH_MAX_GB_ROLLOVER",
            "OPENVIDU_PRO_MEDIA_NODE_PUBLIC_IP_AUTODISCOVER",
            "OPENVIDU_PRO_RECORDING_STORAGE",
            "OPENVIDU_PRO_REPLICATION_MANAGER_WEBHOOK",
            "OPENVIDU_PRO_STATS_SERVER_INTERVAL",
            "OPENVIDU_PRO_STATS_SESSION_INTERVAL",
            "OPENVIDU_RECORDING_ENABLE_GPU",
            "OPENVIDU_RECORDING_FOLDER",
            "OPENVIDU_RECORDING_IMAGE",
            "OPENVIDU_WEBRTC_SIMULCAST",
            "OV_CE_DEBUG_LEVEL",
            "REDIRECT_WWW",
            "SUPPORT_DEPRECATED_API",
            "TURN_DOMAIN_NAME",
            "WORKER_CONNECTIONS",
        ),
        secret=False,
    ),
    *_texts(
        (
            "COTURN_REDIS_PASSWORD",
            "KIBANA_PASSWORD",
            "OPENVIDU_PRO_DOCKER_REGISTRIES",
            "OPENVIDU_PRO_LICENSE",
            "OPENVIDU_PRO_LICENSE_HTTP_PROXY",
            "OPENVIDU_RECORDING_COMPOSED_BASICAUTH",
            "OPENVIDU_WEBRTC_ICE_SERVERS",
            "TURN_STATIC_AUTH_SECRET",
        ),
        secret=True,
    ),
)


PROPERTIES: Final[tuple[Property, ...]] = (
    *OPENVIDU_PROPERTIES,
    *OWN_PROPERTIES,
    *DEPLOYMENT_PROPERTIES,
)
"""The properties that GET /pro/config shows come first, in its order."""

BY_NAME: Final[Mapping[str, Property]] = MappingProxyType({each.name: each for each in PROPERTIES})

SETTABLE: Final = tuple(each for each in PROPERTIES if each.use is not Use.REPORTED)

READ_NAMES: Final = frozenset(name for each in SETTABLE for name in (each.name, *each.aliases))
"""Every name that a source may use, older names included."""

_KEPT_ALIASES: Final = frozenset(
    alias for each in SETTABLE if each.use is Use.KEPT for alias in each.aliases
)


def has_no_effect(name: str) -> bool:
    """Say whether OpenVidu knows a property of that name, and it has no effect here."""
    each = BY_NAME.get(name)
    if each is None:
        return name.startswith(FAMILIES) or name in _KEPT_ALIASES
    return each.use in {Use.KEPT, Use.REPORTED}
