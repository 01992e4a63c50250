"""A suite of three questions over the one article of ``fake_backend``, in a folder, and a system that answers them.

The system answers by the question's first word: ``Wie`` with the quote, ``Who`` with a refusal, anything else with an
error.
"""

import json
from pathlib import Path

import msgspec
from fake_backend import ANSWER, ARTICLE, ARTICLE_TEXT, FakeBackend

from evals.cli import run
from evals.suite import Suite, load_suite
from index.records import IngestEvent, IngestRequest
from rag.errors import KildeError
from rag.records import Answer, Question

CARRIES = {
    "id": "bridge-cyclists-de",
    "question": "Wie viele Radfahrer trägt die Brücke?",
    "lang": "de",
    "expect": {
        "status": "answered",
        "works": ["city/bridge.md"],
        "quotes": ["4,200 cyclists"],
        "facts": [["4,200", "4.200"]],
        "answer_lang": "de",
    },
    "tags": ["number", "crosslingual"],
}
OWNER = {"id": "bridge-owner-en", "question": "Who owns the bridge?", "lang": "en", "expect": {"status": "not_found"}}
SECOND = CARRIES | {"id": "bridge-cyclists-2-de", "question": "Wie viele sind es täglich?", "tags": []}
REFUSAL = msgspec.structs.replace(
    ANSWER, status="not_found", lang="en", text="The articles do not say.", citations=(), sources=(), as_of=None
)
GATE = """
[[floor]]
measure = "quote_exactness"
at_least = 1

[[floor]]
measure = "right"
slice = "lang:*"
at_least = 0.9

[[drop]]
measure = "citation_recall"
at_most = 0.1
"""
EXACT_QUOTES = '[[floor]]\nmeasure = "quote_exactness"\nat_least = 1\n'


class SmallSystem(FakeBackend):
    """Also a runtime that ``open_runtime`` could have opened."""

    def __init__(self) -> None:
        super().__init__()
        self.answered = ANSWER
        self.deleted: list[str] = []
        self.texts = {ARTICLE.article_id: ARTICLE.text}
        self._count = 0

    async def answer(self, question: Question) -> Answer:
        self.calls.append(question)
        match question.question.split()[0]:
            case "Wie":
                answer = self.answered
            case "Who":
                answer = REFUSAL
            case _:
                raise KildeError("The model is gone.")
        self._count += 1
        return msgspec.structs.replace(
            answer,
            message_id=f"m{self._count}",
            conversation_id=question.conversation_id or f"c{self._count}",
            question=question.question,
            standalone_question=question.question,
        )

    async def delete_conversation(self, conversation_id: str) -> None:
        self.deleted.append(conversation_id)

    def ingest(self, request: IngestRequest) -> "list[IngestEvent]":  # type: ignore[override]
        return list(super().ingest(request))

    def warm(self) -> None: ...

    def close(self) -> None: ...


def write_suite(folder: Path, *cases: dict[str, object], gate: str = GATE) -> Path:
    """The TOML file; the three questions above if no others are given."""
    content = folder / "content" / "city"
    content.mkdir(parents=True)
    (content / "bridge.md").write_text(f"---\ndate: {ARTICLE.published}\n---\n{ARTICLE_TEXT}", encoding="utf-8")
    lines = [json.dumps(case) for case in cases or (CARRIES, OWNER, SECOND)]
    (folder / "small-one.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "gate.toml").write_text(gate, encoding="utf-8")
    file = folder / "small.toml"
    file.write_text(
        'questions = ["small-*.jsonl"]\ncorpus = "content"\ngate = "gate.toml"\nbaselines = "baselines"\n',
        encoding="utf-8",
    )
    return file


def small_suite(folder: Path, *cases: dict[str, object], gate: str = GATE) -> Suite:
    return load_suite(str(write_suite(folder, *cases, gate=gate)))


def accepted(folder: Path, *cases: dict[str, object], gate: str = EXACT_QUOTES) -> str:
    """The TOML file, once ``kilde eval check`` has accepted what it names."""
    file = str(write_suite(folder, *cases, gate=gate))
    assert run(["eval", "check", file, "--accept"]) == 0
    return file


def written(suite: str, file: Path) -> str:
    """The JSON file of a run of all of the suite."""
    assert run(["eval", "run", suite, "-o", str(file)]) in (0, 1)
    return str(file)
