"""The few words that answer are marked inside the quote, by the network that was trained and no other."""

import msgspec
import numpy as np
import pytest
from small_candidates import make_candidate

from evals.benchmarks.short_answer_f1 import best_f1, f1
from evals.benchmarks.short_answer_network import batch_of, new_network, train
from index.records import Span
from index.side_by_side import SideBySide
from index.token_vectors import TOKEN_DIM, Tokens, pack
from rag import short_answer as module
from rag.candidates import Candidate
from rag.question import OTHER
from rag.records import TextRange
from rag.short_answer import inputs, logits, places, short_answer

WORDS = "The heron stands in Ghent, since May."


def with_tokens(text: str, seed: int = 1, before: str = "") -> Candidate:
    """A candidate after ``before`` in its hit, one token for each word of the hit, a question of four tokens."""
    rng = np.random.default_rng(seed)
    whole = before + text
    words = whole.split(" ")
    starts = np.cumsum([0, *(len(word) + 1 for word in words[:-1])]).astype(np.int32)
    ends = (starts + [len(word) for word in words]).astype(np.int32)
    tokens = SideBySide(
        question=_unit_vectors(rng, 4).tobytes(),
        weights=np.full(4, 0.25, np.float32).tobytes(),
        passage=pack(Tokens(vectors=_unit_vectors(rng, len(words)), starts=starts, ends=ends)),
        mean=np.zeros(TOKEN_DIM, np.float32).tobytes(),
        prefix=0,
    )
    made = make_candidate(whole, 0.0)
    hit = msgspec.structs.replace(made.hit, tokens=tokens)
    return msgspec.structs.replace(made, hit=hit, span=Span(len(before), len(whole)), text=text)


def _unit_vectors(rng: np.random.Generator, count: int) -> module.Array:
    vectors = rng.normal(size=(count, TOKEN_DIM)).astype(np.float32)
    unit: module.Array = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def certain_of(monkeypatch: pytest.MonkeyPatch, first: int, last: int) -> None:
    """The network takes these tokens for the answer's ends."""

    def found(seen: module.Inputs, _weights: object) -> module.Array:
        scores = np.zeros((len(seen.passage), 2), np.float32)
        scores[first, 0] = scores[last, 1] = 20.0
        return scores

    monkeypatch.setattr(module, "logits", found)


def test_the_likeliest_tokens_are_marked_without_the_stop_after_them(monkeypatch: pytest.MonkeyPatch) -> None:
    certain_of(monkeypatch, 4, 4)
    assert short_answer(with_tokens(WORDS), OTHER) == TextRange(start=20, end=25)
    assert WORDS[20:25] == "Ghent"


def test_offsets_count_from_the_quote_and_not_from_its_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    certain_of(monkeypatch, 4, 4)
    assert short_answer(with_tokens(WORDS, before="It rained. "), OTHER) == TextRange(start=20, end=25)


def test_an_answer_never_ends_before_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    certain_of(monkeypatch, 4, 1)
    monkeypatch.setattr(module, "LEAST_LOG_PROBABILITY", -np.inf)
    found = short_answer(with_tokens(WORDS), OTHER)
    assert found is not None
    assert found.start < found.end


def test_nothing_is_marked_where_nothing_is_likely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "logits", lambda seen, _weights: np.zeros((len(seen.passage), 2), np.float32))
    assert short_answer(with_tokens("word " * 40), OTHER) is None


def test_a_whole_quote_is_no_short_answer_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    certain_of(monkeypatch, 0, 6)
    assert short_answer(with_tokens(WORDS), OTHER) is None


def test_nothing_is_marked_without_token_vectors() -> None:
    assert short_answer(make_candidate(WORDS, 0.0), OTHER) is None


def test_the_same_quote_is_marked_the_same_twice() -> None:
    candidate = with_tokens(WORDS)
    assert short_answer(candidate, OTHER) == short_answer(candidate, OTHER)


def test_the_product_computes_what_was_trained() -> None:
    seen = [inputs(with_tokens(text), OTHER) for text in (WORDS, "One two three.")]
    assert seen[0] is not None
    assert seen[1] is not None
    network = new_network()
    train(network, [(seen[0], 4, 4), (seen[1], 0, 1)], steps=3)
    weights = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    for row, one in enumerate((seen[0], seen[1])):
        trained = network(batch_of([seen[0], seen[1]]))[row, : len(one.passage)].detach().numpy()
        assert logits(one, weights) == pytest.approx(trained, abs=1e-4)


def test_tokens_lie_where_their_words_are() -> None:
    starts, ends = places(with_tokens(WORDS, before="It rained. "))
    assert [WORDS[start:end] for start, end in zip(starts, ends, strict=True)] == WORDS.split(" ")


@pytest.mark.parametrize(
    ("marked", "answer", "lang", "expected"),
    [
        ("in the Ghent harbour", "Ghent harbour", "en", 0.8),  # 2 of 3 words, 2 of 2
        ("“Ghent”", "ghent", "nl", 1.0),
        ("根特港", "根特", "zh", 0.8),  # 2 of 3 characters, 2 of 2
        ("Bruges", "Ghent", "en", 0.0),
        ("", "Ghent", "en", 0.0),
    ],
)
def test_f1_is_of_words_or_of_characters(marked: str, answer: str, lang: str, expected: float) -> None:
    assert f1(marked, answer, lang) == pytest.approx(expected)


def test_the_best_of_several_right_answers_counts() -> None:
    assert best_f1("Ghent", ("the old town", "Ghent"), "en") == 1.0
