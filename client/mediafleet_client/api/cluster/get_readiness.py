from ...types import Operation


def get_readiness() -> Operation[None]:
    """Whether the server can serve requests

    For the readiness probe of Kubernetes and for load balancers; wants no credentials and shows no details. 200 if
    the server can do what it is asked for now: its store takes changes, its loops go on, and it is not stopping.
    Asking costs next to nothing and touches neither the store nor a Media Node.

    """

    return Operation(
        method="GET",
        path="/health/ready",
        results={
            200: lambda _: None,
        },
    )
