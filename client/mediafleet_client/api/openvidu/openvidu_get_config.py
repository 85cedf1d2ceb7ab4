from ...models.config import Config
from ...types import Operation


def openvidu_get_config() -> Operation[Config]:
    """Get the configuration, as OpenVidu 2.16 and later

    Like `GET /pro/config`: the configuration that is in force, as one flat object, some properties only while
    the feature they belong to is on.

    """

    return Operation(
        method="GET",
        path="/openvidu/api/config",
        results={
            200: Config.from_dict,
        },
    )
