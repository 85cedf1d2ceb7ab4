"""The secret that the server makes for itself."""

import re
import stat

import pytest

from mediafleet.cli.errors import CommandError, UsageError
from mediafleet.cli.server_configuration import obtain_secret, read_secret


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_secret_is_made_for_its_owner_alone(tmp_path):
    secret = obtain_secret(tmp_path / "share" / "mediafleet")

    assert re.fullmatch(r"[\w-]{43}", secret)
    assert mode(tmp_path / "share/mediafleet") == 0o700
    assert mode(tmp_path / "share/mediafleet/secret") == 0o600
    assert [each.name for each in (tmp_path / "share/mediafleet").iterdir()] == ["secret"]


def test_a_secret_that_exists_is_kept(tmp_path):
    assert obtain_secret(tmp_path) == obtain_secret(tmp_path)


def test_two_directories_have_two_secrets(tmp_path):
    assert obtain_secret(tmp_path / "a") != obtain_secret(tmp_path / "b")


@pytest.mark.parametrize("rights", [0o640, 0o604, 0o660, 0o602, 0o644])
def test_a_secret_open_to_others_is_refused_and_not_shown(tmp_path, rights):
    secret = obtain_secret(tmp_path)
    (tmp_path / "secret").chmod(rights)

    with pytest.raises(UsageError, match="open to other users") as caught:
        obtain_secret(tmp_path)
    assert f"{rights:04o}" in caught.value.message
    assert secret not in caught.value.message


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"two\nlines\n", b"\xff\xfe", b"x" * 4097, b"a\x1bb"]
)
def test_a_file_that_holds_no_secret_is_refused(tmp_path, content):
    path = tmp_path / "secret"
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(UsageError, match="does not hold a secret"):
        read_secret(path, private=True)


def test_a_line_end_is_not_part_of_the_secret(tmp_path):
    path = tmp_path / "given"
    path.write_bytes(b"open: sesame \r\n")
    path.chmod(0o644)

    assert read_secret(path, private=False) == "open: sesame "


def test_a_secret_that_cannot_be_read_or_made_is_reported_with_the_reason(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(CommandError, match="No such file"):
        read_secret(tmp_path / "nothing", private=False)
    with pytest.raises(CommandError, match=r"cannot be made: (Not a directory|File exists)"):
        obtain_secret(tmp_path / "file" / "below")
