"""Embedding and reranking through an endpoint, over real HTTP: what is sent, made of replies, and refused."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scripted_endpoint import Reply, ScriptedEndpoint, scripted_endpoint
from small_site import ingest, search, write_articles

from index.endpoint_encoder import EndpointEncoder, EndpointModel, estimated_tokens
from index.endpoint_reranker import EndpointReranker
from index.errors import BusyError, ConfigurationError
from rag.doctor import model, reranker
from rag.encoders import encoder_maker, model_identity
from rag.runtime import open_runtime
from rag.settings import Settings

ROOT_HALF = float(np.float32(np.sqrt(0.5)))


@pytest.fixture
def endpoint() -> Iterator[ScriptedEndpoint]:
    with scripted_endpoint() as server:
        yield server


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.endpoint.FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr("index.endpoint_encoder.PASSAGES_S", 2.0)


def encoder(endpoint: ScriptedEndpoint, path: str = "/v1", **others: object) -> EndpointEncoder:
    values: dict[str, object] = {"name": "letters", "dim": 3, "identity": "endpoint:letters:3"}
    return EndpointEncoder(EndpointModel(url=endpoint.address + path, **(values | others)))  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/embeddings", "/embed"])
def test_vectors_have_unit_norm_and_the_order_of_the_texts(endpoint: ScriptedEndpoint, path: str) -> None:
    found = encoder(endpoint, path).encode_passages(["aaa", "ab", "cc"])
    assert found.vectors.dtype == np.float32
    assert found.vectors.tolist() == [[1, 0, 0], [ROOT_HALF, ROOT_HALF, 0], [0, 0, 1]]
    assert found.tokens == [b"", b"", b""]


def test_openai_is_sent_model_key_and_texts_with_their_prompt(endpoint: ScriptedEndpoint) -> None:
    asked = encoder(endpoint, api_key="s3cret", query_prompt="query: ", passage_prompt="passage: ")
    asked.encode_passages(["a"])
    asked.encode_question("b")
    first, second = endpoint.asked
    assert (first.path, first.key) == ("/v1/embeddings", "Bearer s3cret")
    assert first.body == {"model": "letters", "input": ["passage: a"], "encoding_format": "float"}
    assert second.body["input"] == ["query: b"]


def test_tei_is_sent_texts_that_it_may_cut_off_and_no_key_where_none_is_set(endpoint: ScriptedEndpoint) -> None:
    encoder(endpoint, "/embed").encode_question("b")
    assert endpoint.asked == [("/embed", None, {"inputs": ["b"], "truncate": True})]


def test_many_texts_go_32_at_a_time_in_at_most_four_requests_at_once(endpoint: ScriptedEndpoint) -> None:
    texts = ["a" * (1 + number % 5) + "b" for number in range(300)]
    found = encoder(endpoint).encode_passages(texts).vectors
    assert sorted(len(asked.body["input"]) for asked in endpoint.asked) == [12] + [32] * 9
    assert endpoint.most_open <= 4
    assert found.shape == (300, 3)
    assert np.allclose(found[4], [5 / np.sqrt(26), 1 / np.sqrt(26), 0])


def test_questions_are_asked_one_by_one(endpoint: ScriptedEndpoint) -> None:
    found = encoder(endpoint).encode_questions(["a", "b"])
    assert [one.vector.tolist() for one in found] == [[1, 0, 0], [0, 1, 0]]
    assert sorted(asked.body["input"] for asked in endpoint.asked) == [["a"], ["b"]]


def test_no_texts_are_no_request(endpoint: ScriptedEndpoint) -> None:
    assert encoder(endpoint).encode_passages([]).vectors.shape == (0, 3)
    assert endpoint.asked == []


@pytest.mark.parametrize("failure", [Reply(429, "slower"), Reply(500, "oops"), Reply(503, "busy"), None])
def test_what_may_pass_is_asked_again(endpoint: ScriptedEndpoint, failure: Reply | None) -> None:
    endpoint.script = [failure, failure]
    assert encoder(endpoint).encode_passages(["a"]).vectors.tolist() == [[1, 0, 0]]
    assert len(endpoint.asked) == 3


def test_an_endpoint_that_asks_for_a_pause_gets_it(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = [Reply(429, "slower", (("Retry-After", "5"),))]
    with pytest.raises(BusyError, match="429"):
        encoder(endpoint).encode_passages(["a"])
    assert len(endpoint.asked) == 1


def test_one_that_stays_away_is_given_up_at_the_deadline(
    endpoint: ScriptedEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.endpoint_encoder.PASSAGES_S", 2.0)
    endpoint.script = [Reply(503, "busy")] * 100
    with pytest.raises(BusyError, match=r"does not answer: status 503.*Try again later"):
        encoder(endpoint).encode_passages(["a"])
    assert 2 < len(endpoint.asked) < 100


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (Reply(401, {"error": "no key"}), "status 401.*no key"),
        (Reply(404, b""), "status 404: no reason given"),
        (Reply(302, b"", (("Location", "http://127.0.0.1:1/v1/embeddings"),)), "status 302"),
        (Reply(200, b"<html>"), "does not reply with vectors"),
        (Reply(200, {"data": []}), "0 vectors for 1 texts"),
        (Reply(200, {"data": [{"index": 0, "embedding": [1.0, 2.0]}]}), "vectors of 2 numbers, .*DIM is 3"),
        (Reply(200, {"data": [{"index": 0, "embedding": [0.0, 0.0, 0.0]}]}), "without a direction"),
        (Reply(200, {"data": [{"index": 7, "embedding": [1.0, 0.0, 0.0]}]}), "which vector is of which text"),
    ],
)
def test_what_no_repetition_helps_is_refused_at_once(endpoint: ScriptedEndpoint, reply: Reply, told: str) -> None:
    endpoint.script = [reply]
    with pytest.raises(ConfigurationError, match=told):
        encoder(endpoint).encode_passages(["a"])
    assert len(endpoint.asked) == 1


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"KILDE_EMBEDDING_URL='embed\.example.* is no address"):
        EndpointEncoder(EndpointModel(url="embed.example", name="x", dim=3, identity="x"))


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("the heron", 3), ("蓄电池在", 4), ("43,866 cars", 6 + 2), ("Straßenbahn", 4)]
)
def test_tokens_are_estimated_by_script(text: str, tokens: int) -> None:
    assert estimated_tokens(text) == tokens


def test_scores_have_the_order_of_the_passages(endpoint: ScriptedEndpoint) -> None:
    tei = EndpointReranker(endpoint.address + "/rerank", None)
    assert tei.scores("where the heron", ["the price", "the heron stands", "no"]).tolist() == [1, 2, 0]
    assert endpoint.asked[0].body == {
        "query": "where the heron",
        "texts": ["the price", "the heron stands", "no"],
        "truncate": True,
    }
    assert tei.scores("where", []).shape == (0,)


def test_a_versioned_address_is_sent_the_models_name(endpoint: ScriptedEndpoint) -> None:
    cohere = EndpointReranker(endpoint.address + "/v1/rerank", "ranks", "s3cret")
    assert cohere.scores("the heron", ["no", "heron"]).tolist() == [0, 1]
    assert endpoint.asked == [
        ("/v1/rerank", "Bearer s3cret", {"query": "the heron", "documents": ["no", "heron"], "model": "ranks"})
    ]


@pytest.mark.parametrize("body", [b"[]", b"no", [{"index": 0, "score": 1.0}, {"index": 0, "score": 1.0}], [{}]])
def test_scores_that_are_not_one_for_each_passage_are_refused(endpoint: ScriptedEndpoint, body: object) -> None:
    endpoint.script = [Reply(200, body)]
    with pytest.raises(ConfigurationError, match=r"scores|a score"):
        EndpointReranker(endpoint.address + "/rerank", None).scores("the", ["a", "b"])


def served_by(endpoint: ScriptedEndpoint, tmp_path: Path, **others: object) -> Settings:
    values: dict[str, object] = {
        "data_dir": str(tmp_path / "data"),
        "embedding_url": endpoint.address + "/v1",
        "embedding_model": "letters",
        "embedding_dim": 3,
    }
    return Settings(**(values | others))  # type: ignore[arg-type]


def test_articles_are_found_by_vectors_of_the_endpoint_and_no_model_is_loaded(
    endpoint: ScriptedEndpoint, tmp_path: Path, loaded: object
) -> None:
    site = write_articles(tmp_path / "site", {"a.md": "Aaa aa.\n", "c.md": "Cc ccc cc.\n"})
    runtime = open_runtime(served_by(endpoint, tmp_path))
    try:
        assert ingest(runtime, site) == {"a.md": "new", "c.md": "new"}
        assert search(runtime, "ccc").hits[0].path == "c.md"
    finally:
        runtime.close()
    assert loaded.names == []  # type: ignore[attr-defined]


def test_the_same_model_at_another_address_is_the_same_and_another_prompt_is_not(
    endpoint: ScriptedEndpoint, tmp_path: Path
) -> None:
    here, there = served_by(endpoint, tmp_path), served_by(endpoint, tmp_path, embedding_url="https://e.example/embed")
    prompted = served_by(endpoint, tmp_path, embedding_passage_prompt="passage: ")
    assert model_identity(here) == model_identity(there) == "endpoint:letters:3"
    assert model_identity(prompted) != model_identity(here)


def test_an_endpoint_without_the_models_name_or_dimension_is_refused(
    endpoint: ScriptedEndpoint, tmp_path: Path
) -> None:
    for others in ({"embedding_model": "bundled"}, {"embedding_dim": None}):
        with pytest.raises(ConfigurationError, match="KILDE_EMBEDDING_URL needs two more settings"):
            model_identity(served_by(endpoint, tmp_path, **others))


def test_an_index_of_an_endpoint_that_is_no_longer_set_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"made through an endpoint \(letters:3\)"):
        encoder_maker(Settings(data_dir=str(tmp_path)), "endpoint:letters:3")


def test_doctor_asks_the_endpoint_for_one_vector_and_says_what_is_wrong_with_it(
    endpoint: ScriptedEndpoint, tmp_path: Path
) -> None:
    assert model(served_by(endpoint, tmp_path), False)[0] == "ok"
    with pytest.raises(ConfigurationError, match="KILDE_EMBEDDING_DIM is 4"):
        model(served_by(endpoint, tmp_path, embedding_dim=4), False)
    asked = len(endpoint.asked)
    assert model(served_by(endpoint, tmp_path), True)[1].startswith("not asked")
    assert len(endpoint.asked) == asked


def test_doctor_asks_the_reranker_which_of_two_passages_fits(endpoint: ScriptedEndpoint, tmp_path: Path) -> None:
    settings = Settings(data_dir=str(tmp_path), reranker_url=endpoint.address + "/rerank")
    assert reranker(settings, False)[0] == "ok"
    endpoint.script = [Reply(200, [{"index": 0, "score": 0.1}, {"index": 1, "score": 0.9}])]
    assert reranker(settings, False)[0] == "warn"
    assert reranker(settings, True)[1].startswith("not asked")
