"""``kilde doctor`` on the LLM's endpoint: what is wrong, and what to do."""

from collections.abc import Sequence

import pytest
from scripted_llm import HEAD, Hang, Step, broken, chat, llm, says, status

from evals.benchmarks.scripted_llm import DONE, finish
from rag.chat_trial import trial
from rag.doctor import llm as examined
from rag.errors import ConfigurationError
from rag.settings import Settings


@pytest.mark.parametrize(
    ("steps", "state", "said"),
    [
        (says("yes"), "ok", "scripted replies, first word after 0."),
        ([*says("yes")[:2], finish(), DONE], "ok", "it counts no tokens"),
        ([HEAD, finish(), DONE], "fail", "Is it a chat model?"),
        (status(401), "fail", "Set KILDE_LLM_API_KEY"),
        (status(404), "fail", "Check KILDE_LLM_BASE_URL"),
        ([HEAD, Hang()], "fail", "fallen silent"),
        (broken("yes sir", 1), "fail", "before its finish_reason"),
    ],
)
def test_the_endpoint_is_asked_for_a_word(steps: Sequence[Step], state: str, said: str) -> None:
    with llm(*steps) as server:
        found = trial(chat(server.base_url))
    assert found[0] == state
    assert said in found[1]


def test_doctor_asks_the_endpoint_of_the_settings() -> None:
    with llm(*says("yes")) as server:
        settings = Settings(llm_base_url=server.base_url, llm_model="m", llm_api_key="k")
        assert examined(settings, offline=False)[0] == "ok"
        assert len(server.requests) == 1
        assert examined(settings, offline=True) == ("ok", "not asked: m")
        assert len(server.requests) == 1


def test_doctor_is_content_without_an_endpoint_and_not_with_half_of_one() -> None:
    assert examined(Settings(), offline=False)[0] == "ok"
    with pytest.raises(ConfigurationError, match="set KILDE_LLM_MODEL"):
        examined(Settings(llm_base_url="http://127.0.0.1:1/v1"), offline=True)
