"""Credentials of a TURN server."""

from datetime import UTC, datetime

from mediafleet.domain.turn import TurnServer

AT = datetime(2026, 1, 1, tzinfo=UTC)


def test_credentials_are_those_that_coturn_computes() -> None:
    # printf %s 1767312000:con_A | openssl dgst -sha1 -hmac north -binary | base64
    turn = TurnServer("192.0.2.3", 3478, "north")
    assert turn.credentials("con_A", at=AT) == ("1767312000:con_A", "0qx1sfenrw3zhWTpwxRNI+B5OrU=")


def test_without_a_secret_it_is_a_stun_server() -> None:
    assert TurnServer("192.0.2.3", 3478, "").credentials("con_A", at=AT) is None


def test_the_secret_is_not_shown() -> None:
    assert "north" not in repr(TurnServer("192.0.2.3", 3478, "north"))
