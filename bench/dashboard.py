"""``python -m bench dashboard``: records a run in a real Prometheus and draws our dashboard of it.

Needs the program ``prometheus``. Grafana is not run: panels, expressions and legends are those of
deploy/grafana/mediafleet.json, and what is drawn is what Prometheus answers to them.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from xml.sax.saxutils import escape

import httpx
import yaml
from bench.fleet import COLLECTION, free_port
from bench.peers import SECRET, USER
from bench.processes import ROOT, started

from mediafleet.clock import SystemClock
from mediafleet.emulator import EmulatedCluster

DASHBOARD = ROOT / "deploy" / "grafana" / "mediafleet.json"
PICTURE = ROOT / "docs" / "dashboard.svg"
NODES = 6
SCRAPE_S = 2
RATE_INTERVAL = "20s"
STEP_S = 2
RUN_S = 240.0
COLUMN, LINE = 40, 26
"""Pixels of a unit of Grafana's grid."""
COLORS = ("#3274d9", "#56a64b", "#e0752d", "#8f3bb8", "#c4162a", "#0f9690", "#b8860b", "#555555")
UNITS = {"percentunit": (100.0, " %"), "s": (1000.0, " ms"), "bytes": (1e-6, " MB")}


@dataclass(frozen=True, slots=True)
class Series:
    """What Prometheus answers for one label set: the legend, and values over time."""

    legend: str
    points: Sequence[tuple[float, float]]


def main() -> None:
    begin, end, panels = record()
    PICTURE.write_text(draw(panels, begin, end), "utf-8")
    print(f"written: {PICTURE}", file=sys.stderr)


def record() -> tuple[float, float, list[tuple[dict[str, Any], list[Series]]]]:
    """Run the story; return when it began and ended, and each panel with its series."""
    ports = {name: free_port() for name in ("server", "prometheus", "hook")}
    properties = {
        "OPENVIDU_SECRET": SECRET,
        "OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "on_premise",
        "OPENVIDU_PRO_CLUSTER_RECONNECTION_TIMEOUT": "-1",
        "OPENVIDU_CDR": "true",
        "OPENVIDU_WEBHOOK": "true",
        "OPENVIDU_WEBHOOK_ENDPOINT": f"http://127.0.0.1:{ports['hook']}/",
        "MEDIAFLEET_WEBHOOK_SCHEDULE": "1",
        "MEDIAFLEET_LOAD_INTERVAL": "2",
        "MEDIAFLEET_METRICS_OPEN": "true",
    }
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        scrape = {
            "global": {"scrape_interval": f"{SCRAPE_S}s"},
            "scrape_configs": [
                {
                    "job_name": "mediafleet",
                    "static_configs": [{"targets": [f"127.0.0.1:{ports['server']}"]}],
                }
            ],
        }
        config = Path(folder, "prometheus.yaml")
        config.write_text(yaml.safe_dump(scrape), "utf-8")
        serve = ["-m", "mediafleet", "serve", "--port", str(ports["server"])]
        serve += ["--data-dir", f"{folder}/data", "--log-format", "json"]
        # The program of Debian, started like the others.
        start = "import os, sys; os.execvp(sys.argv[1], sys.argv[1:])"
        prometheus = ["-c", start, "prometheus", f"--config.file={config}"]
        prometheus += [f"--storage.tsdb.path={folder}/tsdb", "--log.level=warn"]
        prometheus += [f"--web.listen-address=127.0.0.1:{ports['prometheus']}"]
        with started("mediafleet", serve, properties) as server, started("prometheus", prometheus):
            server.printed(r"serves http")
            begin = time.time()
            asyncio.run(run(ports["server"], ports["hook"]))
            end = time.time()
            return begin, end, query(ports["prometheus"], begin, end)


async def run(port: int, hook_port: int) -> None:
    """Run the story with emulated nodes and a receiver of the webhook."""
    limits = httpx.Limits(max_connections=8)
    base = f"http://127.0.0.1:{port}"
    async with (
        hook(hook_port) as receiver,
        EmulatedCluster(nodes=NODES, random=Random(1), clock=SystemClock()) as cluster,
        httpx.AsyncClient(base_url=base, auth=(USER, SECRET), limits=limits) as client,
    ):
        tasks = [asyncio.create_task(ask(client)), asyncio.create_task(place(cluster))]
        await story(client, cluster, receiver)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def ask(client: httpx.AsyncClient) -> None:
    while True:
        for path in (COLLECTION, "/health", f"{COLLECTION}/kms_none"):
            await client.get(path)
        await asyncio.sleep(0.1)


async def place(cluster: EmulatedCluster) -> None:
    """Begin a session every two seconds, on the node with the fewest."""
    while True:
        await asyncio.sleep(2)
        added = [node for node in cluster.nodes if node.connection_count]
        if added:
            min(added, key=lambda node: len(node.pipelines)).create_pipeline(elements=3)


class Hook:
    """The receiver of the webhook.

    Attributes:
        works: Whether it takes what comes, or answers 503.
    """

    works = True


@asynccontextmanager
async def hook(port: int) -> AsyncIterator[Hook]:
    receiver = Hook()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            status = b"204 No Content" if receiver.works else b"503 Service Unavailable"
            writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")

    async def quiet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            writer.close()

    async with await asyncio.start_server(quiet, "127.0.0.1", port):
        yield receiver


async def story(client: httpx.AsyncClient, cluster: EmulatedCluster, receiver: Hook) -> None:
    """Nodes join, a node crashes and returns, the receiver fails, a node drains."""
    begun = time.monotonic()
    ids: list[str] = []

    async def at(second: float) -> None:
        await asyncio.sleep(max(0.0, begun + second - time.monotonic()))

    async def add(number: int) -> None:
        answer = await client.post(COLLECTION, json={"uri": cluster.uri(number)})
        ids.append(answer.raise_for_status().json()["id"])

    for number in range(4):
        await at(5 + 5 * number)
        await add(number)
    await at(80)
    cluster.nodes[1].crash()
    await at(115)
    cluster.nodes[1].restart()
    await at(130)
    receiver.works = False
    for number in (4, 5):
        await at(115 + 5 * number)
        await add(number)
    await at(190)
    receiver.works = True
    await at(205)
    await client.put(f"/fleet/media-nodes/{ids[0]}/drain")
    await at(RUN_S)


def query(port: int, begin: float, end: float) -> list[tuple[dict[str, Any], list[Series]]]:
    dashboard = json.loads(DASHBOARD.read_text("utf-8"))
    drawn = []
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        for panel in dashboard["panels"]:
            series: list[Series] = []
            for target in panel.get("targets", ()):
                expression = target["expr"].replace("$__rate_interval", RATE_INTERVAL)
                parameters = {
                    "query": expression.replace("$instance", ".+"),
                    "start": begin,
                    "end": end,
                    "step": STEP_S,
                }
                answer = client.get("/api/v1/query_range", params=parameters)
                for found in answer.raise_for_status().json()["data"]["result"]:
                    legend = _legend(target["legendFormat"], found["metric"])
                    points = [(at, float(value)) for at, value in found["values"]]
                    series.append(Series(legend, [p for p in points if p[1] == p[1]]))
            drawn.append((panel, [each for each in series if each.points]))
    return drawn


def _legend(form: str, labels: Mapping[str, str]) -> str:
    for name, value in labels.items():
        form = form.replace("{{" + name + "}}", value)
    return form


def draw(panels: Sequence[tuple[dict[str, Any], list[Series]]], begin: float, end: float) -> str:
    """The dashboard as one picture, each panel where Grafana puts it."""
    height = LINE * max(p["gridPos"]["y"] + p["gridPos"]["h"] for p, _ in panels)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{24 * COLUMN}" height="{height}" '
        'font-family="sans-serif" font-size="11">',
        f'<rect width="{24 * COLUMN}" height="{height}" fill="#f4f5f5"/>',
    ]
    for panel, series in panels:
        place = panel["gridPos"]
        x, y, w, h = (place[n] * (COLUMN if n in "xw" else LINE) for n in "xywh")
        title = escape(panel["title"])
        parts.append(f'<g transform="translate({x},{y})">')
        if panel["type"] == "row":
            parts.append(f'<text x="6" y="18" font-size="14" font-weight="bold">{title}</text>')
        else:
            parts.append(
                f'<rect x="3" y="3" width="{w - 6}" height="{h - 6}" fill="white" '
                f'stroke="#d8d9da"/><text x="10" y="19" font-weight="bold">{title}</text>'
            )
            unit = panel["fieldConfig"]["defaults"]["unit"]
            one = _stat if panel["type"] == "stat" else _lines
            parts.append(one(series, unit, (begin, end), w, h))
        parts.append("</g>")
    return "\n".join([*parts, "</svg>\n"])


def _value(value: float, unit: str) -> str:
    factor, suffix = UNITS.get(unit, (1.0, ""))
    return f"{value * factor:.3g}{suffix}"


def _stat(series: Sequence[Series], unit: str, _: tuple[float, float], w: int, h: int) -> str:
    text = _value(series[0].points[-1][1], unit) if series else "no data"
    return (
        f'<text x="{w / 2}" y="{h / 2 + 18}" font-size="30" text-anchor="middle" '
        f'fill="{COLORS[0]}">{text}</text>'
    )


def _lines(series: Sequence[Series], unit: str, span: tuple[float, float], w: int, h: int) -> str:
    begin, end = span
    left, top, right, bottom = 58, 30, w - 24, h - 48
    most = max((value for each in series for _, value in each.points), default=0.0) or 1.0
    parts = []
    for share in (0.0, 0.5, 1.0):
        at = bottom - (bottom - top) * share
        parts.append(
            f'<path d="M{left} {at:.0f}H{right}" stroke="#e3e3e3"/>'
            f'<text x="{left - 5}" y="{at + 4:.0f}" text-anchor="end" fill="#666">'
            f"{_value(most * share, unit)}</text>"
        )
    for minute in range(int((end - begin) // 60) + 1):
        at = left + (right - left) * minute * 60 / (end - begin)
        parts.append(
            f'<text x="{at:.0f}" y="{bottom + 14}" text-anchor="middle" fill="#666">'
            f"{minute} min</text>"
        )
    for number, each in enumerate(series[: len(COLORS)]):
        path, last = "", 0.0
        for at, value in each.points:
            x = left + (right - left) * (at - begin) / (end - begin)
            y = bottom - (bottom - top) * value / most
            path += f"{'L' if at - last < 1.5 * STEP_S else 'M'}{x:.1f} {y:.1f}"
            last = at
        parts.append(f'<path d="{path}" fill="none" stroke="{COLORS[number]}" stroke-width="1.4"/>')
    return "".join([*parts, _legends(series[: len(COLORS)], left, bottom + 28, w)])


def _legends(series: Sequence[Series], left: int, y: int, w: int) -> str:
    parts, x = [], left
    for number, each in enumerate(series):
        size = 16 + 6 * len(each.legend)
        if x + size > w and x > left:
            x, y = left, y + 13
        color = COLORS[number]
        parts.append(
            f'<rect x="{x}" y="{y - 8}" width="9" height="3" fill="{color}"/>'
            f'<text x="{x + 12}" y="{y - 3}" font-size="10">{escape(each.legend)}</text>'
        )
        x += size + 6
    return "".join(parts)
