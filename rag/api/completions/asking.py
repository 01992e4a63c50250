"""A request for a completion → the question that it asks; pure.

In: a CompletionRequest. Out: a Question: the last user message, with the user messages before it as context. What
system messages and earlier answers say is not read: neither can change what the articles say, nor which of them are
quoted. Refuses with InputError what would make the answer another one than was asked for: a second choice, a tool that
has to be called, a format, log probabilities, images and sound; and a conversation that ends with no question.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress

from rag.api.completions.records import CompletionRequest, Message, Named
from rag.errors import InputError, NotFoundError
from rag.records import Question
from rag.validate import EARLIER_QUESTIONS, check_question

MODEL = "kilde"
_FREE = (None, "none", "auto")


def asked(request: CompletionRequest) -> Question:
    """The question, checked."""
    check_model(request.model)
    _refuse_unsupported(request)
    *before, last = request.messages or (None,)
    if last is None or last.role != "user":
        raise InputError("The last message must be the user's question.", "messages")
    options = request.kilde
    if options is None:
        return check_question(Question(question=_question_in(last), earlier=_earlier(before)))
    kept_here = options.conversation_id is not None
    return check_question(
        Question(
            question=_question_in(last),
            conversation_id=options.conversation_id,
            answer_lang=options.answer_lang,
            filters=options.filters,
            earlier=() if kept_here else _earlier(before),
        )
    )


def check_model(model: str) -> None:
    """Raises NotFoundError for any but ours."""
    if model != MODEL:
        raise NotFoundError(f"There is no model {model[:100]!r}. The only one is {MODEL!r}.", "model")


def texts(messages: Sequence[Message]) -> list[str]:
    """All that the messages say, in their order."""
    return [text for message in messages for text in _texts(message)]


def _refuse_unsupported(request: CompletionRequest) -> None:
    unsupported = {
        "n": request.n not in (None, 1),
        "tool_choice": request.tool_choice not in _FREE,
        "function_call": request.function_call not in _FREE,
        "response_format": request.response_format not in (None, Named(type="text")),
        "logprobs": bool(request.logprobs),
        "modalities": request.modalities not in (None, ("text",)),
    }
    for param, is_asked in unsupported.items():
        if is_asked:
            raise InputError(f"{_WHY[param]} Leave {param} out.", param)


_WHY = {
    "n": "There is one answer to a question.",
    "tool_choice": "No tool is ever called here.",
    "function_call": "No function is ever called here.",
    "response_format": "Answers are text; what is quoted in them cannot be put into another format.",
    "logprobs": "Answers have no log probabilities.",
    "modalities": "Answers are text.",
}


def _question_in(message: Message) -> str:
    if isinstance(message.content, tuple):
        for part in message.content:
            if part.type != "text":
                raise InputError(f"Only text can be asked, not {part.type[:40]!r}.", "messages")
    return "\n".join(_texts(message))


def _earlier(messages: Sequence[Message]) -> tuple[str, ...]:
    """What cannot have been a question (empty, or a pasted document) is left out, since it is not what is asked now."""
    questions = [text for message in messages if message.role == "user" for text in _usable("\n".join(_texts(message)))]
    return tuple(questions[-EARLIER_QUESTIONS:])


def _usable(text: str) -> Iterator[str]:
    with suppress(InputError):
        yield check_question(Question(question=text)).question


def _texts(message: Message) -> list[str]:
    if isinstance(message.content, tuple):
        return [part.text or "" for part in message.content if part.type == "text"]
    return [message.content or ""]
