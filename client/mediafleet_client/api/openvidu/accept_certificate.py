from ...types import Operation


def accept_certificate() -> Operation[str]:
    """Show that the certificate is accepted

    Answers a short text. A browser that shows it accepts the certificate of this server; if that is self-signed, the
    browser asks its user first. It needs no credentials.

    """

    return Operation(
        method="GET",
        path="/accept-certificate",
        results={
            200: str,
        },
    )
