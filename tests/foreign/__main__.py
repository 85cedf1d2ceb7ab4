"""Generate clients of other languages from openapi.yaml, compile them, and drive servers with them.

``python -m tests.foreign`` prints a table of step and generator, and fails if anything is not as it
must be. Each driver beside this file takes the same steps and prints for each a line
``step<TAB>status<TAB>what the client made of the body``.
"""

import argparse
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from random import Random

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from mediafleet import contract  # noqa: E402
from mediafleet.api.errors import describe_error  # noqa: E402
from mediafleet.app.contract_file import load_contract  # noqa: E402
from mediafleet.clock import SystemClock  # noqa: E402
from mediafleet.domain.errors import StoreUnavailableError  # noqa: E402
from mediafleet.emulator import EmulatedCluster  # noqa: E402
from support import live  # noqa: E402

CONTRACT = ROOT / "openapi.yaml"
DOCUMENT = ROOT / "docs" / "other-languages.md"
MARKS = "<!-- table: begin -->", "<!-- table: end -->"
ANNOTATIONS = Path("/usr/share/java/jakarta-annotation-api.jar")
VALIDATOR = Path("/usr/share/gocode/src/gopkg.in/validator.v2")
NEEDED = {  # program or file: package of Debian
    "javac": "default-jdk-headless",
    "go": "golang-go",
    "npm": "npm",
    str(ANNOTATIONS): "libjakarta-annotation-api-java",
    str(VALIDATOR): "golang-gopkg-validator.v2-dev",
}
STEPS = {  # step: status, and what the client reads in the body; None is a message of an error
    "list": (200, "0"),
    "list, refused": (401, None),
    "list, broken": (500, None),
    "list, frozen": (503, None),
    "get, unknown": (404, None),
    "add, nothing": (501, None),
    "add, malformed": (400, None),
    "add, too large": (413, None),
    "add, unreachable": (404, None),
    "add, launch fails": (502, None),
    "add": (200, "running"),
    "add, again": (409, None),
    "get": (200, "running"),
    "get, later version": (200, "kms_Later1"),
    "patch, forbidden": (400, None),
    "remove, busy": (409, None),
    "patch": (200, "waiting-idle-to-terminate"),
    "patch, back": (200, "running"),
    "drain": (201, "abort"),
    "drain, get": (200, "waiting-idle-to-terminate"),
    "drain, end": (204, ""),
    "remove, later": (202, ""),
    "remove": (204, ""),
    "health": (503, "DOWN"),
}
BY_ITSELF = {"add, malformed", "add, too large", "get, later version"}
"""What a client may refuse by itself, because of the contract; it then prints ``client``."""

Command = Sequence[str | Path]


@dataclass(frozen=True)
class Generator:
    """One way to a client.

    Attributes:
        name: As in the table.
        commands: Generate and compile it, run in a folder of its own.
        driver: The source beside this file that is copied there first.
        run: How the driver is started; empty for a client that is compiled only.
    """

    name: str
    commands: Sequence[Command]
    driver: str = ""
    run: Command = ()


def openapi_generator(language: str, options: str, *more: str) -> Command:
    package = find_spec("openapi_generator_cli")
    assert package is not None, "install tests/foreign/requirements.txt"
    jar = Path(str(package.origin)).with_name("openapi-generator.jar")
    # Without these a client refuses what a later version adds: members, and values of enumerations.
    bearing = "disallowAdditionalPropertiesIfNotPresent=false,enumUnknownDefaultCase=true"
    options = f"{bearing},{options}"
    command = ["java", "-jar", jar, "generate", "-i", CONTRACT, "-g", language, *more]
    return [*command, "--additional-properties", options]


def generators(npm: Path) -> list[Generator]:
    """Say how each client is made; *npm* is the folder with the tools of TypeScript."""
    tsc = [npm / "tsc", "--strict", "--target", "es2022", "--module", "nodenext"]
    java = openapi_generator(
        *("java", "openApiNullable=false,useJakartaEe=true", "--library", "native", "-o", "client")
    )
    classes = f"{java[2]}:{ANNOTATIONS}:classes"
    compiled = "find client/src/main Driver.java -name '*.java' > sources"
    return [
        Generator(
            "typescript-fetch",
            [
                openapi_generator("typescript-fetch", "", "-o", "client"),
                [*tsc, "--outDir", "js", "typescript_fetch.ts"],
            ],
            "typescript_fetch.ts",
            ["node", "js/typescript_fetch.js"],
        ),
        Generator(
            "openapi-typescript",
            [
                [npm / "openapi-typescript", CONTRACT, "-o", "client.ts"],
                [*tsc, "--outDir", "js", "openapi_fetch.ts"],
            ],
            "openapi_fetch.ts",
            ["node", "js/openapi_fetch.js"],
        ),
        Generator(
            "java",
            [
                java,
                ["sh", "-c", compiled],
                ["javac", "-nowarn", "-d", "classes", "-cp", classes, "@sources"],
            ],
            "Driver.java",
            ["java", "-cp", classes, "Driver"],
        ),
        Generator(
            "go",
            [
                openapi_generator(
                    *("go", "enumClassPrefix=true,packageName=client", "-o", "."),
                    *("--git-host", "example.com", "--git-user-id", "mediafleet"),
                    *("--git-repo-id", "client"),
                ),
                ["sh", "-c", "rm -r test; mkdir driver; mv driver.go driver/main.go"],
                ["sh", "-c", f"cp -r {VALIDATOR} validator; rm validator/*_test.go"],
                ["sh", "-c", "echo module gopkg.in/validator.v2 > validator/go.mod"],
                ["go", "mod", "edit", "-replace", "gopkg.in/validator.v2=./validator"],
                ["go", "vet", "."],
                ["go", "build", "-o", "run", "./driver"],
            ],
            "driver.go",
            ["./run"],
        ),
        Generator(
            "python",
            [openapi_generator("python", "packageName=foreign_client", "-o", ".")],
            "openapi_python.py",
            [sys.executable, "openapi_python.py"],
        ),
        *(
            Generator(name, [command, [*tsc, "--noEmit", "--lib", "es2022,dom", source]])
            for name, command, source in (
                (
                    "@hey-api/openapi-ts",
                    [npm / "openapi-ts", "-i", CONTRACT, "-o", "client"],
                    "client/index.ts",
                ),
                (
                    "orval",
                    [npm / "orval", "--input", CONTRACT, "--output", "api.ts", "--client", "fetch"],
                    "api.ts",
                ),
                (
                    "swagger-typescript-api",
                    [npm / "swagger-typescript-api", *("generate", "-o", "."), "-p", CONTRACT],
                    "Api.ts",
                ),
                (
                    "openapi-typescript-codegen",
                    [npm / "openapi", "--input", CONTRACT, "--output", "client"],
                    "client/index.ts",
                ),
            )
        ),
        Generator(
            "datamodel-code-generator",
            [
                [
                    *(sys.executable, "-m", "datamodel_code_generator", "--input", CONTRACT),
                    *("--output", "models.py"),
                    *("--output-model-type", "pydantic_v2.BaseModel"),
                ],
                [
                    sys.executable,
                    "-W",
                    "error",
                    "-c",
                    "import models; models.MediaNode.model_json_schema()",
                ],
            ],
        ),
    ]


def require() -> None:
    """Install what is missing where that can be done, and say what cannot."""

    def missing() -> list[str]:
        return [each for each in NEEDED if not (shutil.which(each) or Path(each).exists())]

    if missing() and shutil.which("apt-get") and os.geteuid() == 0:
        packages = [NEEDED[each] for each in missing()]
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        apt = ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages]
        subprocess.run(apt, check=True, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    if names := missing():
        wanted = ", ".join(f"{each} (Debian: {NEEDED[each]})" for each in names)
        sys.exit(f"missing: {wanted}")


def make(generator: Generator, folder: Path) -> str:
    """Generate and compile one client; what went wrong, or an empty text."""
    folder.mkdir(parents=True)
    if generator.driver:
        shutil.copy(HERE / generator.driver, folder)
    environment = {**os.environ, "GOFLAGS": "-mod=mod", "GOPROXY": "off"}
    for command in generator.commands:
        done = subprocess.run(
            [str(each) for each in command],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            return done.stdout[-4000:]
    return ""


@asynccontextmanager
async def failing(failure: Exception) -> AsyncIterator[str]:
    """Serve the contract with handlers that fail; the URL."""

    async def fail(**_: object) -> tuple[object, int]:
        raise failure

    document = load_contract()
    names = [each["operationId"] for path in document["paths"].values() for each in path.values()]
    app = contract.create_app(
        document,
        contract.Options(
            dict.fromkeys(names, fail),
            authenticate=lambda *_: True,
            describe_error=describe_error,
            now_ms=lambda: 0,
        ),
    )
    async with live.serving(app) as url:
        yield url


async def later(request: Request) -> Response:
    """Answer a Media Node as a later version might: with more members, and values yet unknown."""
    node = load_contract()["components"]["schemas"]["MediaNode"]["example"]
    change = {"id": "kms_Later1", "status": "hibernating", "zone": {"name": "a"}}
    return JSONResponse({**node, **change})


async def drive(made: Sequence[tuple[Generator, Path]], scratch: Path) -> dict[str, dict[str, str]]:
    """Run each driver against live servers; what each step gave, by generator."""
    results = {}
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        fleet = await enter(EmulatedCluster(nodes=1, random=Random(1), clock=SystemClock()))
        api = await enter(live.mediafleet(scratch / "main"))
        launching = await enter(
            live.mediafleet(
                scratch / "launching",
                OPENVIDU_PRO_CLUSTER_ENVIRONMENT="local",
                OPENVIDU_PRO_CLUSTER_MEDIA_NODES=0,
                MEDIAFLEET_LOCAL_COMMAND="no-such-media-server",
            )
        )
        environment = {
            **os.environ,
            "URL": str(api.base_url).rstrip("/"),
            "LAUNCHING": str(launching.base_url).rstrip("/"),
            "BROKEN": await enter(failing(RuntimeError("a bug"))),
            "FROZEN": await enter(failing(StoreUnavailableError("frozen"))),
            "LATER": await enter(live.serving(Starlette(routes=[Route("/{path:path}", later)]))),
            "SECRET": live.SECRET,
            "NODE": fleet.uri(0),
        }
        for generator, folder in made:
            fleet.nodes[0].create_pipeline("room")
            command = [str(each) for each in generator.run]
            with anyio.fail_after(120):
                done = await anyio.run_process(
                    command, cwd=folder, env=environment, stderr=subprocess.STDOUT, check=False
                )
            results[generator.name] = outcomes(done.stdout.decode(), done.returncode)
            for node in (await api.get("/pro/media-nodes")).json()["content"]:
                await api.delete(f"/pro/media-nodes/{node['id']}?wait=true&deletion-strategy=now")
    return results


def outcomes(output: str, returned: int) -> dict[str, str]:
    """Judge each step that a driver printed: its status, or what was wrong."""
    lines = [line.split("\t") for line in output.splitlines() if line.count("\t") == 2]
    found = {name: (status, shown) for name, status, shown in lines}
    results = {}
    for name, (status, shown) in STEPS.items():
        got = found.get(name)
        fits = (
            got is not None
            and got[0] == str(status)
            and (got[1] if shown is None else got[1] == shown)
        )
        if fits or (name in BY_ITSELF and got == ("client", "")):
            results[name] = got[0] if got else ""
        else:
            results[name] = f"**{' '.join(got) if got else 'nothing'}**"
    if returned:
        print(output[-4000:])
        results["end"] = f"**exit {returned}**"
    return results


def table(
    names: Sequence[str], failures: dict[str, str], results: dict[str, dict[str, str]]
) -> str:
    rows = [["", *names], ["---", *(["---"] * len(names))]]
    rows.append(["generated, compiled", *("**no**" if failures[name] else "yes" for name in names)])
    for step in (*STEPS, "end"):
        cells = [results.get(name, {}).get(step, "") for name in names]
        if any(cells):
            rows.append([step, *cells])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> int:
    """Return 0 when every client did what it must."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into the document")
    parser.add_argument("generator", nargs="*", help="its name in the table; all if none is given")
    arguments = parser.parse_args()
    require()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        shutil.copy(HERE / "package.json", scratch)
        install = [
            "npm",
            "install",
            "--ignore-scripts",
            "--no-package-lock",
            "--no-audit",
            "--no-fund",
        ]
        subprocess.run([*install, "--silent"], cwd=scratch, check=True)
        every = generators(scratch / "node_modules" / ".bin")
        every = [each for each in every if each.name in (arguments.generator or [each.name])]
        folders = {each.name: scratch / "clients" / each.name.replace("/", "-") for each in every}
        failures = {each.name: make(each, folders[each.name]) for each in every}
        made = [
            (each, folders[each.name]) for each in every if each.run and not failures[each.name]
        ]
        logging.disable()  # two servers are there to fail
        results = anyio.run(drive, made, scratch)
    for name, text in failures.items():
        if text:
            print(f"{name}:\n{text}\n")
    shown = table([each.name for each in every], failures, results)
    print(shown)
    if arguments.write:
        before, _, rest = DOCUMENT.read_text("utf-8").partition(MARKS[0])
        after = rest.partition(MARKS[1])[2]
        DOCUMENT.write_text(f"{before}{MARKS[0]}\n{shown}\n{MARKS[1]}{after}", "utf-8")
    return 1 if "**" in shown else 0


if __name__ == "__main__":
    sys.exit(main())
