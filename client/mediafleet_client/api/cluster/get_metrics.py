from ...types import Operation


def get_metrics() -> Operation[str]:
    """Get metrics of the server and its cluster

    Answers what the server has counted since it started and what it knows now, in the text format of Prometheus:
    Media Nodes, loads and sessions, events and how far their readers are, times of requests and of the store, lag of
    the event loop, connections, and what was refused. Asking touches neither the store nor a Media Node. A server
    may be configured to ask for no credentials here.

    """

    return Operation(
        method="GET",
        path="/metrics",
        results={
            200: str,
        },
    )
