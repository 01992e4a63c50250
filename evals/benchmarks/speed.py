"""``python -m evals.benchmarks.speed [--data FOLDER]``: how fast Kilde reads, answers and starts, against its goals.

In: the folder with ``seeds/`` and ``evkx/`` (without it the sample articles), and the sample articles for the service.
Out: a Markdown table, then machine and versions. A missed goal is marked and is no error. Everything is measured in one
run, through the command and over HTTP wherever that is how it is used; times of several tries are medians.
"""

import argparse
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path

import httpx
import msgspec

from evals.benchmarks.machine import ARTICLES, describe, model_dir
from evals.benchmarks.serving import kilde, served
from evals.benchmarks.table import Row, at_least, at_most, markdown
from index.build import Indexer
from index.catalog import Catalog
from index.encoder import SentenceEncoder
from index.model_identity import BUNDLED
from index.records import IngestRequest, IngestSummary, PassageVectors
from index.vectors import ChromaVectors
from rag.records import Answer

SAMPLE = ARTICLES.parents[1] / "questions" / "sample.jsonl"
QUESTIONS = 200
ROUNDS = 3
STARTS = 5
BATCH_SIZES = (16, 32)
UNPACK = (
    "import pathlib, sys; from index.bundled_model import ensure_unpacked; ensure_unpacked(pathlib.Path(sys.argv[1]))"
)
TEMPLATES = (
    "What should I know about {}?",
    "Was steht über {}?",
    "Que dit-on de {} ?",
    "Wat staat er over {}?",
    "Hva står det om {}?",
    "¿Qué se dice de {}?",
    "Що відомо про {}?",
    "ماذا نعرف عن {}؟",
    "{}について教えてください。",
)


class Asked(msgspec.Struct, frozen=True):
    """What is needed of a golden question."""

    question: str


class Listening(SentenceEncoder):
    """The bundled encoder, which remembers the passages that it was given."""

    def __init__(self) -> None:
        super().__init__(BUNDLED, model_dir())
        self.heard: list[str] = []

    def encode_passages(self, texts: list[str]) -> PassageVectors:
        self.heard += texts
        return super().encode_passages(texts)

    def bare(self, texts: list[str], batch_size: int) -> float:
        """Seconds that sentence-transformers alone takes for these passages."""
        return seconds(lambda: self._model.encode(texts, prompt_name="document", batch_size=batch_size))


def main(args: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(prog="speed", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="holds seeds/ and evkx/")
    articles = _articles(parser.parse_args(args).data)
    with tempfile.TemporaryDirectory(prefix="kilde-speed-") as scratch:
        folder = Path(scratch)
        rows = [
            *_starting(folder),
            *_service(folder / "served"),
            *_ingesting_again(articles, folder / "again"),
            *_throughput(articles, folder),
        ]
    print(f"Ingested: {', '.join(path.name for path in articles)}. Served: the sample articles.\n")
    print(markdown(rows))
    print(f"\n{describe()}", flush=True)


def seconds(work: Callable[[], object]) -> float:
    """How long it takes, once."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _starting(folder: Path) -> Iterator[Row]:
    unpacking_s = seconds(
        lambda: subprocess.run([sys.executable, "-c", UNPACK, str(folder / "models")], check=True, capture_output=True)
    )
    yield at_most("unpacking the model, once, with the imports", unpacking_s, 30, "s")
    yield at_most("`kilde --help`", _median_s(STARTS, lambda: kilde(folder, "--help")), 1, "s")


def _service(data_dir: Path) -> Iterator[Row]:
    kilde(data_dir, "ingest", str(ARTICLES), "--json")
    with served(data_dir) as service, httpx.Client(base_url=service.url, timeout=60, trust_env=False) as client:
        asked = questions([article["title"] for article in client.get("/v1/articles").json()])
        before_gb = _rss_gb(service.pid)
        times_ms, statuses = _ask_all(client, asked)
        after_gb = _rss_gb(service.pid)
        ask_s = _median_s(STARTS, lambda: kilde(data_dir, "ask", asked[0], "--json"))
    yield at_most("`kilde ask` through the running service", ask_s, 1, "s")
    yield at_most("`kilde serve` until ready, second start", service.ready_s, 15, "s")
    counted = ", ".join(f"{count} {status}" for status, count in sorted(statuses.items()))
    quantiles = statistics.quantiles(times_ms, n=20)
    yield at_most(f"`/v1/chat`, {len(times_ms)} questions ({counted}), p50", quantiles[9], 60, "ms")
    yield at_most("the same, p95", quantiles[18], 150, "ms")
    yield Row("resident memory of the service before them", f"{before_gb:.2f} GB")
    yield at_most("and after", after_gb, 1.5, "GB")


def _ingesting_again(articles: list[Path], data_dir: Path) -> Iterator[Row]:
    command = ("ingest", *map(str, articles), "--json")
    first_s = seconds(lambda: kilde(data_dir, *command))
    runs: list[IngestSummary] = []
    again_s = _median_s(ROUNDS, lambda: runs.append(_summary(kilde(data_dir, *command))))
    yield Row("first ingest, whole command", f"{first_s:.1f} s")
    yield Row("the same again, nothing changed", f"{again_s:.2f} s")
    yield at_least("first against again", first_s / again_s, 50, "×")
    failed, embedded = max(run.outcomes.get("failed", 0) for run in runs), max(run.embedded for run in runs)
    yield Row("failed and embedded again", f"{failed} and {embedded}", "0 and 0", not failed and not embedded)


def _throughput(articles: list[Path], folder: Path) -> Iterator[Row]:
    encoder = Listening()
    # What a process pays once, the import of the store above all, is paid before the clock runs.
    _ingest(encoder, articles[:1], folder / "warm-up")
    encoder.heard.clear()
    ingests = [_ingest(encoder, articles, folder / "round-1")]
    texts = list(encoder.heard)
    batch_size = min(BATCH_SIZES, key=lambda size: encoder.bare(texts[::4], size))
    encodes = [encoder.bare(texts, batch_size)]
    for number in range(2, ROUNDS + 1):
        ingests.append(_ingest(encoder, articles, folder / f"round-{number}"))
        encodes.append(encoder.bare(texts, batch_size))
    again_s = _median_s(ROUNDS, lambda: _ingest(encoder, articles, folder / "round-1"))
    ratio = statistics.median(bare_s / ingest_s for bare_s, ingest_s in zip(encodes, ingests, strict=True))
    rates = [f"{len(texts) / statistics.median(times):.1f}" for times in (ingests, encodes)]
    yield Row(f"ingest of {len(texts)} chunks, chunks/s", rates[0])
    yield Row(f"bare encoder on them, batches of {batch_size}, chunks/s", rates[1])
    yield at_least("ingest against the bare encoder", ratio, 0.85, "×")
    yield Row("unchanged ingest within a process", f"{1000 * again_s:.0f} ms")


def _ingest(encoder: SentenceEncoder, paths: list[Path], data_dir: Path) -> float:
    data_dir.mkdir(exist_ok=True)
    with closing(Catalog.open(f"sqlite:///{data_dir / 'catalog.db'}")) as catalog:
        indexer = Indexer(
            catalog,
            encoder=lambda: encoder,
            store=cache(lambda generation: ChromaVectors(data_dir / "chroma", generation)),
            model=BUNDLED,
            model_fingerprint=encoder.fingerprint,
        )
        request = IngestRequest(paths=tuple(str(path) for path in paths))
        return seconds(lambda: list(indexer.ingest(request)))


def _ask_all(client: httpx.Client, questions: Sequence[str]) -> tuple[list[float], Counter[str]]:
    """Milliseconds of each, one after another, and how many came back with which status."""
    times_ms: list[float] = []
    statuses: Counter[str] = Counter()
    for question in questions:
        began = time.perf_counter()
        response = client.post("/v1/chat", json={"question": question})
        times_ms.append(1000 * (time.perf_counter() - began))
        answered = response.status_code == httpx.codes.OK
        statuses[msgspec.json.decode(response.content, type=Answer).status if answered else response.reason_phrase] += 1
    return times_ms, statuses


def questions(titles: Sequence[str]) -> list[str]:
    """Those of the sample, an even choice where they are too many; filled up with some made from titles."""
    lines = SAMPLE.read_bytes().splitlines() if SAMPLE.is_file() else []
    asked = list(dict.fromkeys(msgspec.json.decode(line, type=Asked).question for line in lines if line.strip()))
    made = [template.format(title) for template in TEMPLATES for title in titles]
    random.Random(0).shuffle(made)
    return (asked[:: max(1, len(asked) // QUESTIONS)] + made)[:QUESTIONS]


def _summary(output: str) -> IngestSummary:
    return msgspec.json.decode(output.splitlines()[-1], type=IngestSummary)


def _rss_gb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1e6 if found else float("nan")


def _median_s(times: int, work: Callable[[], object]) -> float:
    return statistics.median(seconds(work) for _ in range(times))


def _articles(data: Path) -> list[Path]:
    given = [(data / name).resolve() for name in ("seeds", "evkx")]
    return given if all(path.is_dir() for path in given) else [ARTICLES]


if __name__ == "__main__":
    main(sys.argv[1:])
