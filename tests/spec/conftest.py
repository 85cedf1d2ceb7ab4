"""The contract as the tests of this folder read it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mediafleet.app.contract_file import load_contract

CONTRACT = Path(__file__).parents[2] / "openapi.yaml"
SEED_NAMES = Path(__file__).with_name("seed_names.txt")


@pytest.fixture(scope="session")
def text() -> str:
    return CONTRACT.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    return dict(load_contract())


@pytest.fixture(scope="session")
def follow(document: dict[str, Any]) -> Callable[[Any], Any]:
    """Give the node itself, or the one that its `$ref` points to."""

    def target(node: Any) -> Any:
        while isinstance(node, dict) and "$ref" in node:
            found: Any = document
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            node = found
        return node

    return target


@pytest.fixture(scope="session")
def nodes(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every object of the document that is not inside an example, with its JSON pointer."""

    def walk(pointer: str, node: Any) -> Iterator[tuple[str, dict[str, Any]]]:
        if isinstance(node, list):
            for index, item in enumerate(node):
                yield from walk(f"{pointer}/{index}", item)
        elif isinstance(node, dict):
            yield pointer, node
            for key, item in node.items():
                if key not in {"example", "examples"} or pointer.endswith("/properties"):
                    yield from walk(f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}", item)

    return list(walk("", document))


@pytest.fixture(scope="session")
def schemas(nodes: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """Every schema that is written out (whatever states a type), with its JSON pointer."""
    return [
        (pointer, node)
        for pointer, node in nodes
        if isinstance(node.get("type"), str) and not pointer.startswith("/components/security")
    ]


@pytest.fixture(scope="session")
def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The operations by their id, with `method` and `path` filled in."""
    return {
        operation["operationId"]: {**operation, "method": method, "path": path}
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


@pytest.fixture(scope="session")
def seed_names() -> dict[str, list[str]]:
    """The names of the original API by section of `seed_names.txt`."""
    sections: dict[str, list[str]] = {}
    names: list[str] = []
    for line in SEED_NAMES.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            names = sections.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            names.append(line)
    return sections


@pytest.fixture(scope="session")
def component(document: dict[str, Any]) -> dict[str, Any]:
    """The named schemas."""
    found: dict[str, Any] = document["components"]["schemas"]
    return found
