"""``python -m evals.torture.lengths``: texts of 0 to 2,000,000 characters, in every place that takes text.

In: the sample articles, served from a temporary folder. Out: a goal table, then machine and versions. The texts are
what tokenizers are known to choke on: spaces, one letter, words, Chinese, emoji, special tokens, marks that combine.
They are sent as a question, a query, a message, what a model is told before it, and a comment. Refuses nothing.
"""

import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import msgspec

from evals.benchmarks.machine import ARTICLES, describe
from evals.benchmarks.serving import kilde, served
from evals.benchmarks.table import Row, at_most, exactly, markdown

KINDS = {
    "spaces": " ",
    "one letter": "a",
    "words": "bridge ",
    "Chinese": "桥",
    "emoji": "🌉",
    "special tokens": "<|endoftext|>",
    "combining marks": "e\u0301\u0323",
}
LENGTHS = (0, 1, 511, 512, 513, 2_000, 2_001, 20_000, 60_000, 200_000, 1_000_000, 2_000_000)
"""In characters: around the embedder's window, the longest question, the largest bodies, and beyond."""
PLACES = ("question", "query", "message", "told before", "comment")
ALLOWED = (200, 400, 413)
SLOWEST_S, MEMORY_MB = 5.0, 512


class Sent(msgspec.Struct, frozen=True):
    kind: str
    length: int
    place: str
    status: int
    took_s: float


def main(args: Sequence[str] = ()) -> int:
    with tempfile.TemporaryDirectory(prefix="kilde-lengths-") as scratch:
        kilde(Path(scratch), "ingest", str(ARTICLES), "--json")
        with served(Path(scratch)) as service:
            before_mb = _peak_mb(service.pid)
            sent = list(send_all(service.url))
            grown_mb = _peak_mb(service.pid) - before_mb
    made = [*rows(sent), at_most("memory that the service took beyond that of its start", grown_mb, MEMORY_MB, "MB")]
    print(markdown(made))
    print(f"\n{describe()}", flush=True)
    return 0 if all(row.met for row in made) else 1


def send_all(url: str) -> Iterator[Sent]:
    """Every text in every place, one after another."""
    with httpx.Client(base_url=url, timeout=120, trust_env=False) as client:
        asked = client.post("/v1/chat", json={"question": "Was steht in diesen Artikeln?"}).json()
        for kind, unit in KINDS.items():
            for length in LENGTHS:
                text = (unit * (length // len(unit) + 1))[:length]
                for place in PLACES:
                    path, body = _request(place, text, asked["message_id"])
                    began = time.perf_counter()
                    status = client.post(path, json=body).status_code
                    yield Sent(kind, length, place, status, time.perf_counter() - began)


def rows(sent: Sequence[Sent]) -> list[Row]:
    slowest = max(sent, key=lambda one: one.took_s)
    statuses = Counter(one.status for one in sent)
    return [
        Row("texts sent", f"{len(sent)}: " + ", ".join(f"{n} × {status}" for status, n in sorted(statuses.items()))),
        exactly("5xx", sum(one.status >= 500 for one in sent)),
        exactly("answers other than 200, 400 and 413", sum(one.status not in ALLOWED for one in sent)),
        at_most(
            f"slowest ({slowest.place}: {slowest.length:,} characters, {slowest.kind})",
            slowest.took_s,
            SLOWEST_S,
            "s",
        ),
    ]


def _request(place: str, text: str, message_id: str) -> tuple[str, dict[str, object]]:
    user = {"role": "user", "content": "Was steht in diesen Artikeln?"}
    match place:
        case "question":
            return "/v1/chat", {"question": text}
        case "query":
            return "/v1/search", {"query": text}
        case "message":
            return "/v1/chat/completions", {"model": "kilde", "messages": [user | {"content": text}]}
        case "told before":
            return "/v1/chat/completions", {"model": "kilde", "messages": [{"role": "system", "content": text}, user]}
        case _:
            return f"/v1/messages/{message_id}/feedback", {"rating": "up", "comment": text}


def _peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    (peak,) = re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(peak) / 1024


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
