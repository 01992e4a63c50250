"""``python -m evals.torture.offline``: from the first start on, nothing reaches for a network.

In: the sample articles. In a network name space with nothing but its own loopback, Kilde unpacks its model, ingests,
serves, is asked in two languages, and runs the golden questions; the kernel counts there what found no route, and
every datagram (a name look-up is one). Out: a table of these counts; then one connection is tried, to see that the
counts see it. Refuses to run where name spaces cannot be made, and says so.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from evals.benchmarks.machine import ARTICLES, KILDE, describe, kilde_environment
from evals.benchmarks.table import Row, exactly, markdown
from evals.torture.starting import COMMAND, Started

COUNTS = (("snmp", "Ip", "OutNoRoutes"), ("snmp", "Udp", "OutDatagrams"))
COUNTS_6 = ("Ip6OutNoRoutes", "Udp6OutDatagrams")
QUESTIONS = ("How many cars did Audi Brussels build in 2021?", "Wie viele Autos baute Audi Brüssel 2021?")
GOLDEN = "*"
INSIDE = "inside"
ELSEWHERE = ("192.0.2.1", 80)
"""An address that is nobody's."""


def main(args: Sequence[str] = ()) -> int:
    if list(args) != [INSIDE]:
        if reason := why_not():
            print(reason, file=sys.stderr)
            return 2
        command = alone([sys.executable, "-m", "evals.torture.offline", INSIDE])
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        print(done.stdout, end="")
        return done.returncode
    with tempfile.TemporaryDirectory(prefix="kilde-offline-") as scratch:
        rows = list(torture(Path(scratch), ["--ingest", str(ARTICLES)], golden=GOLDEN))
    print(f"{markdown(rows)}\n\n{describe()}", flush=True)
    return 0


def alone(command: Sequence[str]) -> list[str]:
    """The command in a network of its own, where only its loopback is up."""
    script = 'ip link set lo up && exec "$@"'
    spaces = ["--net"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--net"]
    return ["unshare", *spaces, "sh", "-c", script, "sh", *command]


def why_not() -> str | None:
    """Why no name space can be had here; None where it can."""
    if not (shutil.which("unshare") and shutil.which("ip")):
        return "There is no unshare or no ip. Install them (Debian: apt-get install util-linux iproute2)."
    done = subprocess.run(alone(["true"]), capture_output=True, text=True, check=False)
    return f"No network name space can be made here: {done.stderr.strip()}" if done.returncode else None


def torture(
    scratch: Path, options: Sequence[str], *, golden: str | None = None, command: Sequence[str] = COMMAND
) -> Iterator[Row]:
    """In the name space. The model is unpacked anew where the service's own command loads one."""
    environment = {"KILDE_MODEL_DIR": str(scratch / "models")}
    with Started(scratch / "data", options, environment, command) as service:
        asked = [service.client.post("/v1/chat", json={"question": question}) for question in QUESTIONS]
        told = sum(response.is_success for response in asked)
        yield exactly(f"questions of {len(QUESTIONS)} that got an answer", told, len(QUESTIONS))
        yield exactly("exit code of the service", service.stop())
    if golden is not None:
        whole = {**kilde_environment(scratch / "data"), **environment}
        found = subprocess.run(
            [KILDE, "eval", "run", "golden", "--id", golden], env=whole, check=False, stdout=subprocess.DEVNULL
        )
        yield exactly(f"exit code of kilde eval run golden --id {golden}", found.returncode)
    for name, count in counts().items():
        yield exactly(f"{name}: attempts to reach a network", count)
    yield _control()


def counts() -> dict[str, int]:
    """Of this name space, since it was made."""
    found = {f"{kind}.{name}": _of_table(file, kind, name) for file, kind, name in COUNTS}
    sixth = Path("/proc/net/snmp6").read_text(encoding="ascii") if Path("/proc/net/snmp6").exists() else ""
    for name in COUNTS_6:
        number = re.search(rf"^{name}\s+(\d+)$", sixth, flags=re.MULTILINE)
        found[name] = int(number[1]) if number else 0
    return found


def _of_table(file: str, kind: str, name: str) -> int:
    """A table has a line of names and a line of numbers."""
    lines = [line.split() for line in Path("/proc/net", file).read_text(encoding="ascii").splitlines()]
    names, numbers = (line for line in lines if line[0] == f"{kind}:")
    return int(numbers[names.index(name)])


def _control() -> Row:
    """A connection that must be counted."""
    before = sum(counts().values())
    with suppress(OSError), socket.create_connection(ELSEWHERE, timeout=5):
        pass
    seen = sum(counts().values()) - before
    return Row("a connection that was tried on purpose is counted", str(seen), "≥ 1", seen >= 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
