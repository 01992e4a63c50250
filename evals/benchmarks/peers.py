"""``python -m evals.benchmarks.peers [--install]``: Kilde beside LlamaIndex, LangChain and Haystack, in one run.

In: the folder with ``xquad/``; an environment of its own that holds the others (``--install`` makes it from
``peers.txt``). Out: tables of ingest and search, and how Kilde stands to its goals. Measures nothing and says so where
that environment is missing. Each contestant ingests and searches in processes of its own, one after another.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from evals.benchmarks.machine import describe, kilde_environment, model_dir
from evals.benchmarks.peer_pipelines.records import Ingested, Job, Searched
from evals.benchmarks.peer_tables import KILDE, Asked, Result, against_goals, ingest_table, search_table
from evals.benchmarks.table import markdown
from evals.benchmarks.xquad import questions, write_articles
from index.bundled_model import ensure_unpacked
from index.encoder import has_bfloat16

LANGS = ("de", "en")
PER_PARAGRAPH = 2
PROJECT = Path(__file__).resolve().parents[2]
REQUIREMENTS = Path(__file__).with_name("peers.txt")
TORCH = "torch==2.13.0"
OFFLINE = {
    "ANONYMIZED_TELEMETRY": "False",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "HF_HUB_OFFLINE": "1",
    "PYTHONPATH": str(PROJECT),
}
AS_PUBLISHED = (
    "import sys, torch; from sentence_transformers import SentenceTransformer; "
    "SentenceTransformer(sys.argv[1], device='cpu', local_files_only=True, model_kwargs={'dtype': torch.float32})"
    ".save(sys.argv[2])"
)
"""The folder keeps its weights in float16, and whoever takes a model as it is stored would compute in that, which a
processor does slowly; the published model is stored in float32."""
NOT_INSTALLED = 3

Record = TypeVar("Record", Ingested, Searched)


class Contestant(msgspec.Struct, frozen=True, kw_only=True):
    """A pipeline with its settings."""

    name: str
    module: str
    python: str
    model: str
    prompts: bool
    dtype: str


def main(args: Sequence[str] = ()) -> int:
    parser = argparse.ArgumentParser(prog="peers", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="holds xquad/")
    parser.add_argument("--venv", type=Path, default=Path(".kilde/peers"), help="the others' environment")
    parser.add_argument("--install", action="store_true", help="make that environment first (1.5 GB)")
    parser.add_argument("--paragraphs", type=int, help="only so many per language, for a quick look")
    given = parser.parse_args(args)
    python = given.venv.absolute() / "bin" / "python"
    if given.install:
        install(given.venv)
    if not python.is_file():
        print(f"Not measured: {given.venv} has no other pipelines. `python -m evals.benchmarks.peers --install`")
        return NOT_INSTALLED
    with tempfile.TemporaryDirectory(prefix="kilde-peers-") as scratch:
        bundled, published = str(ensure_unpacked(model_dir())), str(Path(scratch) / "published")
        subprocess.run([sys.executable, "-c", AS_PUBLISHED, bundled, published], check=True, capture_output=True)
        compare(given.data / "xquad", Path(scratch), contestants(str(python), published, bundled), given.paragraphs)
    return 0


def install(venv: Path) -> None:
    """Torch first: as a dependency it would bring its build for other machines. Raises CalledProcessError."""
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    for what in ([TORCH], ["-r", str(REQUIREMENTS)]):
        subprocess.run([str(venv / "bin" / "pip"), "install", "--quiet", *what], check=True)


def contestants(python: str, published: str, bundled: str) -> tuple[Contestant, ...]:
    """Kilde with its own defaults; then the others as documented, and once more with the model's prompts."""
    peers = (("LlamaIndex", "llamaindex"), ("LangChain", "langchain"), ("Haystack", "haystack"))
    others = (
        Contestant(
            name=f"{name}, prompts" if prompts else name,
            module=module,
            python=python,
            model=published,
            prompts=prompts,
            dtype="float32",
        )
        for prompts in (False, True)
        for name, module in peers
    )
    dtype = "bfloat16" if has_bfloat16() else "float32"
    kilde = Contestant(name=KILDE, module="kilde", python=sys.executable, model=bundled, prompts=True, dtype=dtype)
    return (kilde, *others)


def compare(xquad: Path, scratch: Path, compared: Sequence[Contestant], paragraphs: int | None) -> None:
    """Print everything; what is measured of a contestant is said on stderr as soon as it is."""
    articles = write_pool(xquad, scratch, paragraphs)
    asked = [one for one in choose_questions(xquad) if (articles / one.lang / f"{one.passage}.txt").is_file()]
    results = []
    for contestant in compared:
        results.append(measure(contestant, articles, asked, scratch))
        print(f"{contestant.name}: {results[-1].summary()}", file=sys.stderr, flush=True)
    texts = results[0].ingested.texts
    print(f"{texts} articles ({' + '.join(LANGS)}), {len(asked)} questions.\n")
    print(f"{ingest_table(results)}\n\n{search_table(results)}\n\n{markdown(against_goals(results))}\n")
    print(f"{describe()}\n\n{_versions(results)}", flush=True)


def write_pool(xquad: Path, scratch: Path, paragraphs: int | None) -> Path:
    """A folder with the articles in ``LANGS`` alone; the first ``paragraphs`` of each, in order, where it is given."""
    everything, pool = scratch / "everything", scratch / "articles"
    write_articles(xquad, everything)
    for lang in LANGS:
        (pool / lang).mkdir(parents=True)
        for file in sorted((everything / lang).iterdir())[:paragraphs]:
            shutil.copy(file, pool / lang)
    return pool


def choose_questions(xquad: Path) -> list[Asked]:
    """The first two of every paragraph, in every one of ``LANGS``."""
    everything = [one for parity in (0, 1) for one in questions(xquad, parity)]
    return [
        Asked(text=one.text, lang=one.lang, article=one.article, passage=f"{one.article:02d}-{one.paragraph:02d}")
        for one in everything
        if one.lang in LANGS and one.place < PER_PARAGRAPH
    ]


def measure(contestant: Contestant, articles: Path, asked: Sequence[Asked], scratch: Path) -> Result:
    """Ingest, then search, each in a process of its own. Raises RuntimeError with a failed one's last words."""
    data_dir = scratch / f"{contestant.module}-{contestant.prompts}"
    job = Job(
        articles=str(articles),
        data_dir=str(data_dir),
        model=contestant.model,
        prompts=contestant.prompts,
        dtype=contestant.dtype,
        launched_s=0,
    )
    ingested = _run(contestant, job, scratch, Ingested)
    searching = msgspec.structs.replace(job, questions=tuple(one.text for one in asked))
    searched = _run(contestant, searching, scratch, Searched)
    return Result(
        name=contestant.name, dtype=contestant.dtype, ingested=ingested, searched=searched, asked=tuple(asked)
    )


def _run(contestant: Contestant, job: Job, scratch: Path, kind: type[Record]) -> Record:
    file = scratch / "job.json"
    file.write_bytes(msgspec.json.encode(msgspec.structs.replace(job, launched_s=time.monotonic())))
    done = subprocess.run(
        [contestant.python, "-m", f"evals.benchmarks.peer_pipelines.{contestant.module}", str(file)],
        cwd=scratch,
        env={**kilde_environment(scratch), **OFFLINE},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{contestant.name} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=kind)


def _versions(results: Sequence[Result]) -> str:
    named: Mapping[str, str] = {name: number for one in results for name, number in one.ingested.versions.items()}
    return ", ".join(f"{name} {number}" for name, number in sorted(named.items()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
