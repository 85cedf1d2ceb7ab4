"""The table of OpenVidu's deployment properties that have no effect here.

They are left in the file, and checked only where OpenVidu documents a rule for them, so that the
file of an official deployment can be used as it is.
"""

from collections.abc import Iterable
from functools import partial
from typing import Final

from mediafleet.configuration.kinds import Boolean, Integer
from mediafleet.configuration.locations import OptionalAddress
from mediafleet.configuration.property import Property, Use
from mediafleet.configuration.texts import Choice, Text

_DOC: Final = "Part of an OpenVidu deployment; kept, without effect."

_kept = partial(Property, use=Use.KEPT, doc=_DOC)


def _texts(names: Iterable[str], *, secret: bool) -> tuple[Property, ...]:
    return tuple(_kept(name=name, kind=Text(), secret=secret) for name in names)


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
    _kept(name="OPENVIDU_PRO_CLUSTER_AUTOSCALING_INTERVAL", kind=Integer()),
    _kept(name="OPENVIDU_PRO_CLUSTER_TEST", kind=Boolean()),
    _kept(
        name="OPENVIDU_PRO_ELASTICSEARCH_MAX_DAYS_DELETE",
        kind=Integer(),
        aliases=("OPENVIDU_PRO_ELASTICSAERCH_MAX_DAYS_DELETE",),
    ),
    _kept(name="OPENVIDU_PRO_PRIVATE_IP", kind=OptionalAddress()),
    *_texts(
        (
            "OPENVIDU_CDR_PATH",
            "LETSENCRYPT_EMAIL",
            "ALLOWED_ACCESS_TO_DASHBOARD",
            "ALLOWED_ACCESS_TO_RESTAPI",
            "COTURN_IP",
            "COTURN_REDIS_IP",
            "COTURN_REDIS_DBNAME",
            "COTURN_REDIS_CONNECT_TIMEOUT",
            "KIBANA_USER",
            "ELASTICSEARCH_USERNAME",
        ),
        secret=False,
    ),
    *_texts(
        (
            "OPENVIDU_PRO_LICENSE",
            "COTURN_REDIS_PASSWORD",
            "KIBANA_PASSWORD",
            "ELASTICSEARCH_PASSWORD",
        ),
        secret=True,
    ),
)
