from ...models.community_config import CommunityConfig
from ...types import Operation


def get_community_config() -> Operation[CommunityConfig]:
    """Get the configuration, as OpenVidu CE 2.15

    Answers those properties of the configuration that OpenVidu CE has, as one flat object; some only while the
    feature they belong to is on. `GET /pro/config` has all of them.

    """

    return Operation(
        method="GET",
        path="/config",
        results={
            200: CommunityConfig.from_dict,
        },
    )
