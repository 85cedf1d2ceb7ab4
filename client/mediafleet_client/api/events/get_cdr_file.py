from urllib.parse import quote

from ...types import Operation


def get_cdr_file(
    file: str,
) -> Operation[str]:
    """Get a file of call detail records

    Answers one file of call detail records as it is now. Each line is a JSON object with the name of an event and
    its payload, `{"<event>": {…}}`, in the order in which the events happened. Only the events that OpenVidu has
    are recorded; the schemas whose names end in `Event` describe the payloads.

    Args:
        file (str):
    """

    return Operation(
        method="GET",
        path="/cdr/{file}".format(
            file=quote(str(file), safe=""),
        ),
        results={
            200: str,
        },
    )
