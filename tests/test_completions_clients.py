"""Real clients of OpenAI's chat completions against a real service, with only the address changed."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import anyio
import openai
import pytest
from fake_backend import ANSWER, QUOTE, FakeBackend
from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletionMessageParam
from served import served

from rag.api.wiring import Limits
from rag.records import Answer, Event, MessageEnd, Question

MESSAGES: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Wie viele?"}]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def openai_client(address: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{address}/v1", api_key="any", max_retries=0) as opened:
        yield opened


def test_a_whole_answer_with_annotations_and_usage(openai_client: OpenAI) -> None:
    completion = openai_client.chat.completions.create(model="kilde", messages=MESSAGES)
    message = completion.choices[0].message
    assert (message.role, message.content) == ("assistant", ANSWER.text)
    assert message.annotations is not None
    cited = message.annotations[0].url_citation
    assert ANSWER.text[cited.start_index : cited.end_index] == QUOTE
    assert completion.usage is not None
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens > 0
    assert message.model_extra is not None
    assert message.model_extra["kilde"]["citations"][0]["quote"] == QUOTE


def test_a_stream_adds_up_to_the_whole_answer(openai_client: OpenAI) -> None:
    chunks = list(
        openai_client.chat.completions.create(
            model="kilde", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
        )
    )
    choices = [choice for chunk in chunks for choice in chunk.choices]
    assert "".join(choice.delta.content or "" for choice in choices) == ANSWER.text
    assert [choice.finish_reason for choice in choices if choice.finish_reason] == ["stop"]
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens > 0
    extras = [choice.delta.model_extra or {} for choice in choices]
    assert [extra["annotations"][0]["url_citation"]["title"] for extra in extras if "annotations" in extra] == [
        "The harbour bridge"
    ]


def test_the_client_puts_a_stream_together_by_itself(openai_client: OpenAI) -> None:
    with openai_client.chat.completions.stream(model="kilde", messages=MESSAGES) as stream:
        final = stream.get_final_completion()
    message = final.choices[0].message
    assert message.content == ANSWER.text
    assert message.annotations is not None
    assert message.annotations[0].url_citation.title == "The harbour bridge"


def test_a_message_that_is_sent_back_as_it_came_is_taken(openai_client: OpenAI, backend: FakeBackend) -> None:
    first = openai_client.chat.completions.create(model="kilde", messages=MESSAGES).choices[0].message
    again: list[object] = [*MESSAGES, first, {"role": "user", "content": "Und wann?"}]
    openai_client.chat.completions.create(model="kilde", messages=again)  # type: ignore[arg-type]
    assert backend.calls[-1] == Question(question="Und wann?", earlier=("Wie viele?",))


def test_a_conversation_goes_on_by_its_id(openai_client: OpenAI, backend: FakeBackend) -> None:
    openai_client.chat.completions.create(
        model="kilde", messages=MESSAGES, extra_body={"kilde": {"conversation_id": "c1"}}
    )
    assert backend.calls == [Question(question="Wie viele?", conversation_id="c1")]


def test_models_are_listed_and_found(openai_client: OpenAI) -> None:
    assert [model.id for model in openai_client.models.list()] == ["kilde"]
    assert openai_client.models.retrieve("kilde").owned_by == "kilde"
    with pytest.raises(openai.NotFoundError) as missing:
        openai_client.models.retrieve("gpt-5")
    assert missing.value.code == "model_not_found"


def test_refusals_are_the_clients_own_errors(openai_client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        openai_client.chat.completions.create(model="kilde", messages=MESSAGES, n=2)
    assert (refused.value.param, refused.value.type) == ("n", "invalid_request_error")
    with pytest.raises(openai.NotFoundError) as missing:
        openai_client.chat.completions.create(model="gpt-5", messages=MESSAGES, stream=True)
    assert (missing.value.param, missing.value.code) == ("model", "model_not_found")


def test_a_stream_that_breaks_off_raises_in_the_client(openai_client: OpenAI, backend: FakeBackend) -> None:
    backend.script = (*backend.script[:-1], RuntimeError("Wie geheim?"))
    with pytest.raises(openai.APIError) as broken:
        list(openai_client.chat.completions.create(model="kilde", messages=MESSAGES, stream=True))
    assert broken.value.code == "internal_error"
    assert "geheim" not in str(broken.value)


@pytest.mark.anyio
async def test_the_asynchronous_client_reads_both_as_well(address: str) -> None:
    async with AsyncOpenAI(base_url=f"{address}/v1", api_key="any", max_retries=0) as client:
        whole = await client.chat.completions.create(model="kilde", messages=MESSAGES)
        stream = await client.chat.completions.create(model="kilde", messages=MESSAGES, stream=True)
        pieces = [choice.delta.content or "" async for chunk in stream for choice in chunk.choices]
    assert whole.choices[0].message.content == ANSWER.text == "".join(pieces)


class SlowBackend(FakeBackend):
    """Takes a minute for each answer, and counts those that were cancelled."""

    def __init__(self) -> None:
        super().__init__((*FakeBackend().script[:1], 60.0, MessageEnd(answer=ANSWER)), pause_s=60.0)
        self.began = 0
        self.cancelled = 0

    async def answer(self, question: Question) -> Answer:
        self.began += 1
        try:
            return await super().answer(question)
        except anyio.get_cancelled_exc_class():
            self.cancelled += 1
            raise

    async def events(self, question: Question) -> AsyncIterator[Event]:
        self.began += 1
        async for event in super().events(question):
            yield event


@pytest.mark.anyio
@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_goes_ends_its_turn_and_gives_its_slot_back(stream: bool) -> None:
    backend = SlowBackend()
    with served(backend, Limits(running=1, waiting=0)) as address, anyio.fail_after(60):
        async with (
            AsyncOpenAI(base_url=f"{address}/v1", api_key="any", max_retries=0) as client,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(_ask, client, stream)
            while not backend.began:
                await anyio.sleep(0.01)
            with pytest.raises(openai.InternalServerError) as busy:
                await _ask(client, stream)
            assert busy.value.status_code == 503
            tasks.cancel_scope.cancel()
        while not (backend.closed if stream else backend.cancelled):
            await anyio.sleep(0.01)


async def _ask(client: AsyncOpenAI, stream: bool) -> None:
    told = await client.chat.completions.create(model="kilde", messages=MESSAGES, stream=stream)
    if isinstance(told, openai.AsyncStream):
        async for _chunk in told:
            pass


LLM_MODELS = """
- model_id: kilde
  model_name: kilde
  api_base: {address}/v1
"""


def llm(folder: Path, *args: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "llm", *args],
        env={**os.environ, "LLM_USER_PATH": str(folder)},
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("how", [(), ("--no-stream",)])
def test_the_llm_command_asks_and_goes_on(
    how: tuple[str, ...], address: str, backend: FakeBackend, tmp_path: Path
) -> None:
    (tmp_path / "extra-openai-models.yaml").write_text(LLM_MODELS.format(address=address), "utf-8")
    assert llm(tmp_path, "-m", "kilde", "Wie viele?", *how) == f"{ANSWER.text}\n"
    assert llm(tmp_path, "-c", "Und wann?", "-s", "Be brief.", *how) == f"{ANSWER.text}\n"
    assert backend.calls == [Question(question="Wie viele?"), Question(question="Und wann?", earlier=("Wie viele?",))]
    logged = json.loads(llm(tmp_path, "logs", "--json", "-n", "1"))
    assert logged[0]["response"] == ANSWER.text
