from ...types import Operation


def get_liveness() -> Operation[None]:
    """Whether the server must be restarted

    For the liveness probe of Kubernetes and the like; wants no credentials and shows no details. 200 as long as
    the server's own loops go on. A store that cannot be reached is no reason to begin anew, so it does not matter
    here. Asking costs next to nothing and touches neither the store nor a Media Node.

    """

    return Operation(
        method="GET",
        path="/health/live",
        results={
            200: lambda _: None,
        },
    )
