from ...types import Operation


def list_cdr_files() -> Operation[list[str]]:
    """List the files of call detail records

    Answers the names of the files that hold the call detail records, the oldest first: an array of texts, empty
    if there is none. Records are written if `OPENVIDU_CDR` is true, into `OPENVIDU_CDR_PATH`; a new file begins
    with each start of the server and each day. Files are deleted after 30 days, or when all together have more
    than 20 GiB.

    """

    return Operation(
        method="GET",
        path="/cdr",
        results={
            200: list[str],
        },
    )
