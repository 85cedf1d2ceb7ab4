from mediafleet.domain.errors import EnvironmentFailureError


def test_what_an_environment_said_is_cleaned_and_cut() -> None:
    said = "\x1b[31mno\x00\r\n\u202eroom\ud800" + "!" * 5000
    detail = EnvironmentFailureError("local", "launch", said).detail

    assert detail.startswith(" [31mno room !")
    assert len(detail) == 1000
    assert detail.isprintable()
