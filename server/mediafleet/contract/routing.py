"""From a method and a path to an operation; what that does with the request is not here."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, unquote_to_bytes

from starlette.types import Scope

from mediafleet.contract.operations import CompiledOperation
from mediafleet.contract.parameters import BAD_PERCENT

_WHOLE_SERVER = "*"
_PARAMETER = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Route:
    """One path of the contract with everything served on it.

    Attributes:
        allow: Value of an ``Allow`` header: complete, in a fixed order.
        protected: Every response on the path needs credentials.
    """

    operations: dict[str, CompiledOperation]
    allow: bytes
    protected: bool


@dataclass(slots=True)
class Router:
    """Finds routes; a path's trailing slash makes no difference, exactly one of them."""

    _static: dict[str, Route] = field(default_factory=dict)
    _dynamic: list[tuple[re.Pattern[str], Route]] = field(default_factory=list)

    @classmethod
    def build(
        cls,
        operations: Iterable[tuple[str, str, CompiledOperation]],
        *,
        protected_prefixes: Sequence[str],
    ) -> "Router":
        """Compile the routes.

        Args:
            operations: Path template with its base path, method in upper case, operation.
            protected_prefixes: Paths at or below are protected whatever their operations say.
        """
        paths: dict[str, dict[str, CompiledOperation]] = {}
        for template, method, operation in operations:
            paths.setdefault(template, {})[method] = operation
        router = cls()
        for template in sorted(paths, key=_literals_first):
            router._add(template, _route(template, paths[template], protected_prefixes))
        methods = {method for route in router.routes() for method in route.allow.split(b", ")}
        router._static[_WHOLE_SERVER] = Route({}, b", ".join(sorted(methods)), protected=False)
        return router

    def routes(self) -> list[Route]:
        """List all routes."""
        return [*self._static.values(), *(route for _, route in self._dynamic)]

    def match(self, path: str) -> tuple[Route | None, tuple[str, ...]]:
        """Find the route of a path in its comparable form, and the segments of its parameters."""
        route = self._static.get(path)
        if route is not None:
            return route, ()
        for pattern, candidate in self._dynamic:
            found = pattern.fullmatch(path)
            if found is not None:
                segments = found.groups()
                dots = "." in segments or ".." in segments
                return (None, ()) if dots else (candidate, segments)
        return None, ()

    def _add(self, template: str, route: Route) -> None:
        if "{" not in template:
            self._static[template] = route
            if template != "/":
                self._static[template + "/"] = route
            return
        pieces = _PARAMETER.split(template)
        pattern = "([^/]+)".join(re.escape(literal) for literal in pieces[::2])
        self._dynamic.append((re.compile(pattern + "/?"), route))


def comparable_path(scope: Scope) -> str | None:
    """Bring the path into the form that routes are compared in.

    The form is percent-encoded: only unreserved characters (RFC 3986 §2.3) stand for themselves, so
    a ``%2F`` inside an id never becomes a separator, and ``%61`` is an ``a``.

    Returns:
        None when the path is not properly percent-encoded UTF-8.
    """
    raw: bytes | None = scope.get("raw_path")
    if raw is None:
        raw = quote(scope["path"], safe="/").encode()
    if b"%" not in raw and raw.isascii():
        return raw.decode()
    if not raw.isascii() or BAD_PERCENT.search(raw):
        return None
    try:
        segments = [unquote_to_bytes(segment).decode() for segment in raw.split(b"/")]
    except UnicodeDecodeError:
        return None
    return "/".join(quote(segment, safe="") for segment in segments)


def parameter_names(template: str) -> list[str]:
    """List the parameters of a path template in their order."""
    return _PARAMETER.findall(template)


def is_below(path: str, prefixes: Iterable[str]) -> bool:
    """Return whether *path* is one of *prefixes* or lies under one."""
    return any(path == prefix or path.startswith(prefix + "/") for prefix in prefixes)


def _route(
    template: str, operations: dict[str, CompiledOperation], prefixes: Sequence[str]
) -> Route:
    served = dict(operations)
    if "GET" in served:
        served["HEAD"] = served["GET"]
    secured = any(operation.secured for operation in operations.values())
    return Route(
        operations=served,
        allow=", ".join(sorted({*served, "OPTIONS"})).encode(),
        protected=secured or is_below(template, prefixes),
    )


def _literals_first(template: str) -> list[tuple[bool, str]]:
    return [("{" in segment, segment) for segment in template.split("/")]
