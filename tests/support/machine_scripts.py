"""Scripts such as an operator writes, whose machines are emulator processes of this machine."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LAUNCH = "openvidu_launch_kms.sh"
DROP = "openvidu_drop.sh"
AUTODISCOVER = "openvidu_autodiscover.sh"

_HEAD = """#!/bin/sh
set -eu
here='{machines}'
runs() {{ grep -q . "/proc/$1/cmdline" 2>/dev/null; }}
"""
_LAUNCH = """
echo "launch $MEDIAFLEET_NODE_ID" >> "$here/../calls"
{before}
id="m-$$"
ip="127.$((32 + ($$ >> 16) % 16)).$((($$ >> 8) % 256)).$(($$ % 256))"
setsid '{python}' -m mediafleet emulator --address "$ip" --port 8888 >/dev/null 2>&1 &
# Not before it has a session of its own is it out of reach for what ends this script.
until read -r _ _ _ _ _ session _ < "/proc/$!/stat" && [ "$session" = "$!" ]; do sleep 0.01; done
echo "$! $ip $MEDIAFLEET_CLUSTER_ID $MEDIAFLEET_NODE_ID" > "$here/new-$id"
mv "$here/new-$id" "$here/$id"
{after}
printf '{{"id": "%s", "ip": "%s"}}\\n' "$id" "$ip"
"""
_DROP = """
echo "drop $1" >> "$here/../calls"
if ! [ -f "$here/$1" ]; then echo "no machine $1" >&2; exit 1; fi
read -r pid ip cluster node < "$here/$1"
if [ "$cluster" != "$MEDIAFLEET_CLUSTER_ID" ]; then exit 0; fi
kill -KILL "$pid" 2>/dev/null || true
rm "$here/$1"
"""
_AUTODISCOVER = """
separator=""
printf '['
for file in "$here"/m-*; do
    [ -f "$file" ] || continue
    read -r pid ip cluster node < "$file"
    [ "$cluster" = "$MEDIAFLEET_CLUSTER_ID" ] && runs "$pid" || continue
    printf '%s{{"id": "%s", "ip": "%s"%s}}' "$separator" "${{file##*/}}" "$ip" "{node}"
    separator=,
done
printf ']\\n'
"""
_NODE = ', \\"node\\": \\"$node\\"'


@dataclass(frozen=True)
class MachineScripts:
    """A folder of scripts, and the machines that all folders of a test share.

    Attributes:
        root: Directory of the test.
    """

    root: Path

    @property
    def machines_folder(self) -> Path:
        return self.root / "machines"

    def write(
        self, name: str = "scripts", *, before: str = "", after: str = "", tells_nodes: bool = True
    ) -> Path:
        """A folder with the three scripts; a launch also does what is given, in shell."""
        self.machines_folder.mkdir(exist_ok=True)
        folder = self.root / name
        folder.mkdir(mode=0o755, exist_ok=True)
        folder.chmod(0o755)
        node = _NODE if tells_nodes else ""
        for script, text in ((LAUNCH, _LAUNCH), (DROP, _DROP), (AUTODISCOVER, _AUTODISCOVER)):
            words = {"before": before, "after": after, "python": sys.executable, "node": node}
            write_script(
                folder / script, (_HEAD + text).format(machines=self.machines_folder, **words)
            )
        return folder

    def alive(self) -> list[str]:
        """Names of all machines that run, of any cluster."""
        return [name for name, pid in self._pids() if _runs(pid)]

    def calls(self, word: str) -> list[str]:
        """What launches or drops were asked for."""
        try:
            lines = (self.root / "calls").read_text().splitlines()
        except FileNotFoundError:
            return []
        return [line.split()[1] for line in lines if line.startswith(word)]

    def supersede(self, name: str, by: str, node_id: str) -> None:
        """End a machine and begin another one of the same cluster at its address."""
        pid, ip, cluster, _ = (self.machines_folder / name).read_text().split()
        os.kill(int(pid), signal.SIGKILL)
        (self.machines_folder / name).unlink()
        emulator = f"'{sys.executable}' -m mediafleet emulator --address {ip} --port 8888"
        begin = f"setsid {emulator} > /dev/null 2>&1 & echo $!"
        begun = subprocess.run(["sh", "-c", begin], check=True, capture_output=True, text=True)
        (self.machines_folder / by).write_text(f"{begun.stdout.strip()} {ip} {cluster} {node_id}\n")

    def end_all(self) -> None:
        for _, pid in self._pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _pids(self) -> list[tuple[str, int]]:
        return sorted(
            (path.name, int(path.read_text().split()[0]))
            for path in self.machines_folder.glob("m-*")
        )


def write_script(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def _runs(pid: int) -> bool:
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False
