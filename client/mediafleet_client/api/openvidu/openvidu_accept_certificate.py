from ...types import Operation


def openvidu_accept_certificate() -> Operation[str]:
    """Show that the certificate is accepted, as OpenVidu 2.16

    Answers a short text. A browser that shows it accepts the certificate of this server; if that is self-signed, the
    browser asks its user first. It needs no credentials.

    """

    return Operation(
        method="GET",
        path="/openvidu/accept-certificate",
        results={
            200: str,
        },
    )
