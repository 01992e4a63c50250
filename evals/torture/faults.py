"""``python -m evals.torture.faults [--index FOLDER]``: a full disk, and no more open files, under a real service.

In: the sample articles, or a folder that holds them indexed, copied to a small file system in memory. Out: a table:
whether what has to be stored is refused as what it is, what is stored can be read, every turn that was acknowledged is
there afterwards, and a folder that cannot be written to is refused at the start. Needs the right to mount in a
namespace of its own (Linux, `unshare`); without it says so.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from evals.benchmarks.machine import ARTICLES, KILDE, describe, kilde_environment
from evals.benchmarks.table import Row, exactly, markdown, none_of
from evals.torture.load import indexed, serving
from evals.torture.streams import Service
from evals.torture.watching import handles
from index.catalog import Catalog
from rag.conversations import Conversations

DISK_MB, LONGEST_S = 96, 60.0
MOST_TURNS = 400
QUESTION = "How many people work there?"


class Reply(msgspec.Struct, frozen=True):
    status: int
    code: str
    message_id: str


def main(args: Sequence[str] = ()) -> int:
    parser = argparse.ArgumentParser(prog="faults", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--index", type=Path, help="a data folder that holds the sample articles already")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(args)
    if not given.inside:
        return _in_a_namespace(args)
    with indexed(given.index) as data_dir, _small_disk(data_dir) as small:
        rows = [*full_disk(small), *no_handles(small), *read_only(small)]
    print(f"{markdown(rows)}\n\n{describe()}", flush=True)
    return 0


def _in_a_namespace(args: Sequence[str]) -> int:
    """The same anew where it may mount; what it mounts is gone with it."""
    command = ["unshare", "--map-root-user", "--mount", sys.executable, "-m", "evals.torture.faults", "--inside", *args]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout, end="")
    return done.returncode


@contextmanager
def _small_disk(data_dir: Path) -> Iterator[Path]:
    place = Path(f"/tmp/kilde-small-{os.getpid()}")
    place.mkdir()
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "kilde", str(place)], check=True)
        shutil.copytree(data_dir, place / "data", ignore=shutil.ignore_patterns("models", "owner.*"))
        yield place / "data"
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=False)
        place.rmdir()


def full_disk(data_dir: Path) -> Iterator[Row]:
    with serving(data_dir) as service:
        told = [_ask(service)]
        _fill(data_dir.parent / "filler")
        while told[-1].status == 200 and len(told) < MOST_TURNS:
            told.append(_ask(service))
        kept = [one for one in told if one.status == 200]
        yield Row("disk full: turns stored until one is refused", str(len(kept)))
        yield Row("disk full: the refusal", f"{told[-1].status} {told[-1].code}", "503 storage", _is_told(told[-1]))
        yield from _reads("disk full", service)
        ended = _ingest(data_dir)
        yield Row(
            "disk full: an ingest ends with", ended, "exit 2, the disk is full", "exit 2: kilde: The data" in ended
        )
        (data_dir.parent / "filler").unlink()
        yield Row("room again: the next question", str(_ask(service).status), "200", _ask(service).status == 200)
    with closing(Conversations.open(f"sqlite:///{data_dir / 'conversations.db'}")) as stored:
        there = sum(_holds(stored, one.message_id) for one in kept)
    yield none_of("disk full: acknowledged turns that are lost", len(kept) - there, len(kept))
    with closing(Catalog.open(f"sqlite:///{data_dir / 'catalog.db'}")) as catalog:
        yield exactly("articles afterwards", len(catalog.articles()), 78)


def no_handles(data_dir: Path) -> Iterator[Row]:
    with serving(data_dir) as service, httpx.Client(base_url=service.url, timeout=LONGEST_S) as client:
        client.get("/health/live")
        before = resource.prlimit(service.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(service.pid, resource.RLIMIT_NOFILE, (handles(service.pid), before[1]))
        statuses = [client.get(path).status_code for path in ("/health/live", "/v1/articles")]
        asked = client.post("/v1/chat", json={"question": QUESTION})
        resource.prlimit(service.pid, resource.RLIMIT_NOFILE, before)
        yield Row("no file handles: reads over an open connection", str(statuses), "[200, 200]", statuses == [200, 200])
        yield Row("no file handles: a question", f"{asked.status_code}", "200 or 503", asked.status_code in (200, 503))
        time.sleep(2)
        yield Row("handles again: a question", str(_ask(service).status), "200", _ask(service).status == 200)


def read_only(data_dir: Path) -> Iterator[Row]:
    """As a mount that is read-only; the rights of files do not bind root."""
    subprocess.run(["mount", "-o", "remount,ro", str(data_dir.parent)], check=True)
    for command in (("serve", "--port", "0"), ("ingest", str(ARTICLES)), ("ask", QUESTION)):
        done = subprocess.run(
            [KILDE, *command], env=kilde_environment(data_dir), capture_output=True, text=True, check=False, timeout=120
        )
        lines = done.stderr.strip().splitlines()
        told = done.returncode == 3 and len(lines) == 1 and "KILDE_DATA_DIR" in lines[0]
        yield Row(
            f"read-only: kilde {command[0]}", f"exit {done.returncode}, {len(lines)} line", "exit 3, 1 line", told
        )


def _ask(service: Service) -> Reply:
    response = httpx.post(f"{service.url}/v1/chat", json={"question": QUESTION}, timeout=LONGEST_S)
    body: dict[str, Any] = response.json()
    return Reply(response.status_code, body.get("error", {}).get("code", ""), body.get("message_id", ""))


def _is_told(reply: Reply) -> bool:
    return (reply.status, reply.code) == (503, "storage")


def _reads(when: str, service: Service) -> Iterator[Row]:
    with httpx.Client(base_url=service.url, timeout=LONGEST_S) as client:
        found = {
            "search": client.post("/v1/search", json={"query": QUESTION}).status_code,
            "articles": client.get("/v1/articles").status_code,
            "ready": client.get("/health/ready").status_code,
        }
    listed = ", ".join(f"{name} {status}" for name, status in found.items())
    yield Row(f"{when}: reads", listed, "all 200", set(found.values()) == {200})


def _ingest(data_dir: Path) -> str:
    """The last line of a run over a new article."""
    articles = Path(f"/tmp/kilde-new-{os.getpid()}")
    articles.mkdir()
    (articles / "new.md").write_text("Something new. " * 2_000, encoding="utf-8")
    done = subprocess.run(
        [KILDE, "ingest", str(articles)], env=kilde_environment(data_dir), capture_output=True, text=True, check=False
    )
    shutil.rmtree(articles)
    return f"exit {done.returncode}: {done.stderr.strip()[-90:]}"


def _fill(file: Path) -> None:
    """Until not a byte more is taken."""
    for size in (1 << 20, 1 << 12, 1):
        try:
            with file.open("ab", buffering=0) as stream:
                while stream.write(b"x" * size):
                    pass
        except OSError:
            continue


def _holds(stored: Conversations, message_id: str) -> bool:
    return any(turn.message_id == message_id for turn in _all_turns(stored))


def _all_turns(stored: Conversations) -> Iterator[Any]:
    with stored._engine.connect() as connection:
        for (conversation_id,) in connection.exec_driver_sql("SELECT conversation_id FROM conversations").all():
            yield from stored.turns(conversation_id)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
