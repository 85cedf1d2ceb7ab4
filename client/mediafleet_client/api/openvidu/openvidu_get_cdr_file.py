from urllib.parse import quote

from ...types import Operation


def openvidu_get_cdr_file(
    file: str,
) -> Operation[str]:
    """Get a file of call detail records, as 2.16

    Answers one file of call detail records as it is now. Each line is a JSON object with the name of an event and
    its payload, `{"<event>": {…}}`, in the order in which the events happened. Only the events that OpenVidu has
    are recorded; the schemas whose names end in `Event` describe the payloads.

    The same as without `/openvidu`, where OpenVidu 2.16 and later have it.

    Args:
        file (str):
    """

    return Operation(
        method="GET",
        path="/openvidu/cdr/{file}".format(
            file=quote(str(file), safe=""),
        ),
        results={
            200: str,
        },
    )
