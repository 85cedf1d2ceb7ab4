from urllib.parse import quote

from ...types import Operation


def close_stream(
    session_id: str,
    stream_id: str,
) -> Operation[None]:
    """Unpublish a stream, as OpenVidu 2.15

    Ends a stream that a participant publishes, with the reason `forceUnpublishByServer`. The participant stays in
    the session. An unknown session is answered 400, an unknown stream 404. The stream of a camera ends only with
    its connection.

    Args:
        session_id (str):
        stream_id (str):
    """

    return Operation(
        method="DELETE",
        path="/api/sessions/{session_id}/stream/{stream_id}".format(
            session_id=quote(str(session_id), safe=""),
            stream_id=quote(str(stream_id), safe=""),
        ),
        results={
            204: lambda _: None,
        },
    )
