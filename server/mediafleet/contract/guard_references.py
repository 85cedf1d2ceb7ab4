"""References inside a contract: where they lead, and which of them Connexion resolves rightly."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mediafleet.contract.answers import JsonValue
from mediafleet.contract.errors import Unserved, UnservedContractError
from mediafleet.contract.texts import pointer

_TARGET = re.compile(r"#/components/([A-Za-z]+)/([A-Za-z0-9._-]+)")
_MAX_CHAIN = 10


@dataclass(frozen=True, slots=True)
class Document:
    """A contract as it was written."""

    root: Mapping[str, Any]

    def resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """Follow references from *node*; an empty mapping when they lead nowhere."""
        for _ in range(_MAX_CHAIN):
            if "$ref" not in node:
                return node
            node = self._target(node["$ref"]) or {}
        return {}

    def reference_findings(
        self, place: str, node: Mapping[str, Any], kind: str
    ) -> Iterator[Unserved]:
        """Find what is wrong with one reference.

        Args:
            place: JSON pointer of *node*.
            node: Has a ``$ref``.
            kind: The part of ``components`` it has to lead to.
        """
        for key in node:
            if key != "$ref":
                yield Unserved(place + pointer(key), f"{key} beside $ref, which hides it")
        found = _TARGET.fullmatch(node["$ref"])
        if found is None or found[1] != kind:
            yield Unserved(place + pointer("$ref"), f"a reference out of #/components/{kind}/")

    def _target(self, reference: str) -> Mapping[str, Any] | None:
        found = _TARGET.fullmatch(reference)
        if found is None:
            return None
        target: Mapping[str, Any] | None = (
            self.root.get("components", {}).get(found[1], {}).get(found[2])
        )
        return target


def require_local_references(specification: Mapping[str, Any]) -> None:
    """Refuse references that lead out of the document, or nowhere.

    Asked before Connexion sees the document: it would open the files and addresses they name.

    Raises:
        UnservedContractError: With the place of each.
    """
    findings = [
        Unserved(place, "a reference that leads nowhere in #/components/")
        for place, reference in _references("", specification)
        if not Document(specification).resolve({"$ref": reference})
    ]
    if findings:
        raise UnservedContractError(findings)


def _references(place: str, node: JsonValue) -> Iterator[tuple[str, str]]:
    if isinstance(node, Mapping):
        if isinstance(node.get("$ref"), str):
            yield place + "/$ref", node["$ref"]
        for key, part in node.items():
            yield from _references(place + pointer(key), part)
    elif isinstance(node, list):
        for index, part in enumerate(node):
            yield from _references(place + pointer(index), part)


def allowed_keys(
    place: str, node: Mapping[str, Any], allowed: Collection[str], what: str
) -> Iterator[Unserved]:
    """Find the keys of an object that the layer does not know; extensions are never looked at."""
    for key in node:
        if key not in allowed and not str(key).startswith("x-"):
            yield Unserved(place + pointer(key), f"{key} of {what}")
