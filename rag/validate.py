"""What a caller asks, checked and tidied once for every surface.

In: a question, a search or an ingest request as decoded. Out: the same record, with text in NFC and stripped, and
language tags normalised. Refuses with InputError, whose ``param`` names the field: text that is empty, too long or no
Unicode text, ill-formed tags, dates and ids, and numbers out of range.
"""

import re
import unicodedata
from datetime import date
from pathlib import PurePath

import msgspec

from index.records import Filters, IngestRequest
from rag.errors import InputError
from rag.feedback_records import FeedbackRequest
from rag.records import Question, SearchRequest

QUESTION_CHARACTERS = 2000
TOP_K = 100
COMMENT_CHARACTERS = 2000
ID_CHARACTERS = 200
FILTER_VALUES = 1000
EARLIER_QUESTIONS = 100
_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_ID = re.compile(r"[!-~]+")
_DATE = re.compile(r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?")
_UNUSABLE = re.compile(r"[\x00\ud800-\udfff]")


def check_question(question: Question) -> Question:
    """The question as the rest of the code may rely on it."""
    conversation_id = question.conversation_id
    return msgspec.structs.replace(
        question,
        question=_sentence(question.question, "question"),
        conversation_id=None if conversation_id is None else check_id(conversation_id, "conversation_id"),
        answer_lang=None if question.answer_lang is None else _tag(question.answer_lang, "answer_lang"),
        filters=_filters(question.filters),
        earlier=_earlier(question),
    )


def check_search(request: SearchRequest) -> SearchRequest:
    """The search request as the rest of the code may rely on it."""
    if not 1 <= request.top_k <= TOP_K:
        raise InputError(f"top_k must be from 1 to {TOP_K}.", "top_k")
    return msgspec.structs.replace(request, query=_sentence(request.query, "query"), filters=_filters(request.filters))


def check_ingest(request: IngestRequest) -> IngestRequest:
    """The request, if it names at least one path and every path is absolute."""
    if not request.paths:
        raise InputError("Name at least one folder or file to ingest.", "paths")
    for place, path in enumerate(request.paths):
        _refuse_unusable(path, f"paths[{place}]")
        if not PurePath(path).is_absolute():
            raise InputError("Each path must be absolute.", f"paths[{place}]")
    if request.site_url is not None:
        _refuse_unusable(request.site_url, "site_url")
    return request


def check_feedback(request: FeedbackRequest) -> FeedbackRequest:
    """The judgement, with a comment that can be stored."""
    _refuse_unusable(request.comment, "comment")
    comment = unicodedata.normalize("NFC", request.comment).strip()
    if len(comment) > COMMENT_CHARACTERS:
        raise InputError(f"It has {len(comment):,} characters; {COMMENT_CHARACTERS:,} are the most.", "comment")
    return msgspec.structs.replace(request, comment=comment)


def check_id(value: str, param: str) -> str:
    """``value``, if it can be an id at all; whether it names something is for the store to say."""
    if len(value) > ID_CHARACTERS or not _ID.fullmatch(value):
        raise InputError(f"An id has 1 to {ID_CHARACTERS} visible characters of ASCII.", param)
    return value


def _earlier(question: Question) -> tuple[str, ...]:
    if question.earlier and question.conversation_id is not None:
        raise InputError("A conversation that is kept here knows what was asked before. Leave this out.", "earlier")
    if len(question.earlier) > EARLIER_QUESTIONS:
        raise InputError(f"At most {EARLIER_QUESTIONS} earlier questions are taken. Send the last ones.", "earlier")
    return tuple(_sentence(text, f"earlier[{place}]") for place, text in enumerate(question.earlier))


def _sentence(text: str, param: str) -> str:
    _refuse_unusable(text, param)
    tidy = unicodedata.normalize("NFC", text).strip()
    if all(unicodedata.category(character)[0] in "ZC" for character in tidy):
        raise InputError("There is no text in it. Ask something.", param)
    if len(tidy) > QUESTION_CHARACTERS:
        raise InputError(
            f"It has {len(tidy):,} characters; {QUESTION_CHARACTERS:,} are the most. Please ask more briefly.", param
        )
    return tidy


def _refuse_unusable(text: str, param: str) -> None:
    if _UNUSABLE.search(text):
        raise InputError("It holds a NUL or a lone surrogate, which is no text. Leave it out.", param)


def _filters(filters: Filters) -> Filters:
    _refuse_crowd(filters.langs, "filters.langs")
    _refuse_crowd(filters.article_ids, "filters.article_ids")
    return Filters(
        langs=tuple(_tag(tag, f"filters.langs[{place}]") for place, tag in enumerate(filters.langs)),
        published_after=_day(filters.published_after, "filters.published_after"),
        published_before=_day(filters.published_before, "filters.published_before"),
        article_ids=tuple(
            check_id(value, f"filters.article_ids[{place}]") for place, value in enumerate(filters.article_ids)
        ),
    )


def _refuse_crowd(values: tuple[str, ...], param: str) -> None:
    if len(values) > FILTER_VALUES:
        raise InputError(f"A filter takes at most {FILTER_VALUES:,} values.", param)


def _tag(tag: str, param: str) -> str:
    from index.languages import normalise_tag

    normalised = normalise_tag(tag) if _TAG.fullmatch(tag) else None
    if normalised is None:
        raise InputError("This is not a language tag. Give one such as en, nb or pt-BR.", param)
    return normalised


def _day(text: str | None, param: str) -> str | None:
    if text is None:
        return None
    try:
        if _DATE.fullmatch(text) is None:
            raise ValueError(text)
        date.fromisoformat(text + "-01-01"[len(text) - 4 :])
    except ValueError:
        raise InputError("This is not a date. Give 2022, 2022-12 or 2022-12-14.", param) from None
    return text
