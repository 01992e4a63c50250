"""The shapes of OpenAI's chat completions, as far as Kilde reads and sends them.

Requests leave out what has no bearing on an answer here (``temperature``, ``max_tokens``, ``stop`` …): it is read over,
like every field that is not declared. Everything that comes from Kilde alone is under the key ``kilde``.
"""

from typing import Literal

import msgspec

from index.records import Filters
from rag.records import Answer, Record

Role = Literal["system", "developer", "user", "assistant", "tool", "function"]


class ContentPart(Record, frozen=True, kw_only=True):
    """One part of a message; of those with another type than ``text``, nothing is read."""

    type: str
    text: str | None = None


class Message(Record, frozen=True, kw_only=True):
    """One message of the conversation so far."""

    role: Role
    content: str | tuple[ContentPart, ...] | None = None


class Named(Record, frozen=True, kw_only=True):
    """A choice of tool, or a format, of which only the kind is read."""

    type: str = "function"


class StreamOptions(Record, frozen=True, kw_only=True):
    include_usage: bool | None = None


class KildeOptions(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be asked of Kilde beyond OpenAI's parameters."""

    conversation_id: str | None = None
    """From an earlier answer: go on there, whatever earlier messages say."""
    answer_lang: str | None = None
    """BCP 47; default: the question's own language."""
    filters: Filters = Filters()


class CompletionRequest(Record, frozen=True, kw_only=True):
    """What ``POST /v1/chat/completions`` takes; further fields are allowed and not read."""

    model: str
    messages: tuple[Message, ...]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = None
    tool_choice: str | Named | None = None
    function_call: str | Named | None = None
    response_format: Named | None = None
    logprobs: bool | None = None
    modalities: tuple[str, ...] | None = None
    kilde: KildeOptions | None = None


class UrlCitation(Record, frozen=True, kw_only=True):
    """Where the quote at ``start_index`` to ``end_index`` (exclusive, in code points) of the content can be read."""

    url: str
    title: str
    start_index: int
    end_index: int


class Annotation(Record, frozen=True, kw_only=True):
    type: Literal["url_citation"] = "url_citation"
    url_citation: UrlCitation


class AssistantMessage(Record, frozen=True, kw_only=True):
    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None
    annotations: tuple[Annotation, ...]
    kilde: Answer
    """The whole answer, with its citations and the id of the conversation."""


class Choice(Record, frozen=True, kw_only=True):
    index: int = 0
    message: AssistantMessage
    logprobs: None = None
    finish_reason: Literal["stop"] = "stop"


class Usage(Record, frozen=True, kw_only=True):
    """In tokens of ``cl100k_base``: of all texts in the request, and of the answer."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Completion(Record, frozen=True, kw_only=True):
    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: tuple[Choice, ...]
    usage: Usage


class Delta(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What a chunk adds to the message."""

    role: Literal["assistant"] | None = None
    content: str | None = None
    annotations: tuple[Annotation, ...] = ()
    kilde: Answer | None = None


class ChunkChoice(Record, frozen=True, kw_only=True):
    index: int = 0
    delta: Delta
    finish_reason: Literal["stop"] | None = None


class Chunk(Record, frozen=True, kw_only=True):
    """One ``data:`` line of a stream."""

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    choices: tuple[ChunkChoice, ...]
    usage: Usage | msgspec.UnsetType | None = msgspec.UNSET
    """None in all chunks but the last where it was asked for, else left out."""


class Model(Record, frozen=True, kw_only=True):
    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str


class Models(Record, frozen=True, kw_only=True):
    object: Literal["list"] = "list"
    data: tuple[Model, ...]


ErrorType = Literal["invalid_request_error", "rate_limit_error", "server_error"]


class CompletionError(Record, frozen=True, kw_only=True):
    message: str
    type: ErrorType
    param: str | None
    code: str


class CompletionErrorResponse(Record, frozen=True, kw_only=True):
    """What every 4xx and 5xx of these routes carries, and the last line of a stream that broke off."""

    error: CompletionError
