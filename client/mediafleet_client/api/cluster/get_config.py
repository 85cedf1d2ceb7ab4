from ...models.config import Config
from ...types import Operation


def get_config() -> Operation[Config]:
    """Get the active configuration

    Answers the configuration that is in force, as one flat object. Some properties are there only while the
    feature they belong to is on:

    | present only if | properties |
    |---|---|
    | `OPENVIDU_RECORDING` is true | `OPENVIDU_RECORDING_*` |
    | `OPENVIDU_WEBHOOK` is true | `OPENVIDU_WEBHOOK_*` |
    | `OPENVIDU_PRO_CLUSTER_AUTOSCALING` is true | `OPENVIDU_PRO_CLUSTER_AUTOSCALING_*` |
    | `OPENVIDU_PRO_ELASTICSEARCH` is true | `OPENVIDU_PRO_ELASTICSEARCH_*` |
    | `OPENVIDU_PRO_KIBANA` is true | `OPENVIDU_PRO_KIBANA_*` |

    Secrets are never answered. The one exception are the webhook's headers, which may carry a credential.

    """

    return Operation(
        method="GET",
        path="/pro/config",
        results={
            200: Config.from_dict,
        },
    )
