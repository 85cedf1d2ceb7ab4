"""The documents are consistent: links lead somewhere, decisions have one form, versions agree."""

import re
import tomllib
from configparser import ConfigParser
from pathlib import Path

import pytest

import mediafleet
from support.documents import ROOT
from support.factories import event_names

OPERATIONS = ROOT / "docs" / "operations.md"
ADRS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
PARTS = ["Context", "Decision", "Why", "Consequences", "Exceptions"]
LINK = re.compile(r"\[[^\]\n]+\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(document: Path) -> set[str]:
    titles = HEADING.findall(document.read_text("utf-8"))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_links_to_files_and_headings_lead_somewhere(document: Path) -> None:
    links = LINK.findall(document.read_text("utf-8"))

    for link in links:
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = document.parent / name if name else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("adr", ADRS, ids=relative)
def test_a_decision_fits_on_a_page_and_has_its_five_parts(adr: Path) -> None:
    text = adr.read_text("utf-8")
    number = adr.name[:4]

    assert text.startswith(f"# {number}. ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == PARTS
    assert len(text.splitlines()) <= 80


def test_the_index_links_every_decision_under_its_title() -> None:
    index = re.findall(
        r"^- \[(\d{4})\]\((.+?\.md)\) (.+)$",
        (ROOT / "docs" / "adr" / "README.md").read_text("utf-8"),
        re.MULTILINE,
    )

    titles = [adr.read_text("utf-8").splitlines()[0] for adr in ADRS]

    assert [f"# {number}. {title}" for number, _, title in index] == titles
    assert [name for _, name, _ in index] == [adr.name for adr in ADRS]


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(adr.name[:4]) for adr in ADRS]

    assert numbers == list(range(1, len(ADRS) + 1))


def test_the_changelog_begins_with_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")

    versions = re.findall(r"^## \[(.+?)\]", text, re.MULTILINE)

    assert versions[0] == mediafleet.__version__


def test_every_test_that_proves_something_exists() -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", OPERATIONS.read_text("utf-8")))

    assert len(named) > 30
    missing = [
        f"{file}::{name}"
        for file, name in sorted(named)
        if f"def {name}(" not in (ROOT / file).read_text("utf-8")
    ]
    assert missing == []


@pytest.mark.parametrize("document", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_every_module_that_is_named_exists(document: str) -> None:
    named = re.findall(r"`([\w/]+\.py)`", (ROOT / document).read_text("utf-8"))
    server = ROOT / "server" / "mediafleet"

    assert named
    missing = {
        name for name in named if not (ROOT / name).is_file() and not any(server.rglob(name))
    }
    assert missing == set()


def test_every_package_is_described() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    packages = [each.parent.name for each in ROOT.glob("server/mediafleet/*/__init__.py")]

    assert sorted(re.findall(r"^\| `(\w+)/` \|", text, re.MULTILINE)) == sorted(packages)


@pytest.mark.parametrize("document", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_the_layers_are_those_that_are_checked(document: str) -> None:
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter")
    layers = contracts["importlinter:contract:layers"]["layers"].split("\n")
    wanted = [f"({each})" if "|" in each else each for each in layers if each]

    assert f"`{' > '.join(wanted)}`" in (ROOT / document).read_text("utf-8")


def test_both_distributions_bring_the_same_licence() -> None:
    server, client = (
        tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
        for folder in (ROOT, ROOT / "client")
    )

    assert client["license"] == server["license"]
    assert client["license-files"] == server["license-files"] == ["LICENSE"]
    assert (ROOT / "client" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_every_kind_of_event_is_described() -> None:
    text = (ROOT / "docs" / "events.md").read_text("utf-8")

    described = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)

    assert sorted(described) == sorted(event_names())
