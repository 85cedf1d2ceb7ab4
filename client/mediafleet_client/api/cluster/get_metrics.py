from ...types import Operation


def get_metrics() -> Operation[str]:
    """Get counts of the server itself

    Answers what the server has counted since it started, in the text format of Prometheus: requests with wrong
    credentials, connections of clients and how many were refused as there were too many, changes that the store
    did not take, and the version. Asking costs next to nothing and touches neither the store nor a Media Node.

    """

    return Operation(
        method="GET",
        path="/metrics",
        results={
            200: str,
        },
    )
