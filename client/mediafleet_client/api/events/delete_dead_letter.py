from urllib.parse import quote

from ...types import Operation


def delete_dead_letter(
    sequence: int,
) -> Operation[None]:
    """Delete a dead letter

    Deletes a dead letter, so that it cannot be sent again. The event itself is not touched: it stays among the
    events as long as those are kept.

    Args:
        sequence (int):
    """

    return Operation(
        method="DELETE",
        path="/fleet/dead-letters/{sequence}".format(
            sequence=quote(str(sequence), safe=""),
        ),
        results={
            204: lambda _: None,
        },
    )
