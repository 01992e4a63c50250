"""The OpenAPI document: what the framework reads off the routes, and what their types do not say.

In: the document as the framework makes it. Out: the same with what ``rag/validate.py`` demands of texts, ids, tags,
dates and numbers, with unknown fields closed where they are refused, and with every media type that a route may answer
in. Refuses nothing. What it says of a request is necessary: whoever breaks it gets 400. That a date exists, that a tag
names a language and how long a text is in NFC cannot be said in it.
"""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

import msgspec
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import OpenAPI

from index.records import Filters, IngestRequest
from rag.api.completions.records import CompletionRequest, KildeOptions
from rag.feedback_records import FeedbackRequest
from rag.records import Event, Question, SearchRequest
from rag.validate import (
    EARLIER_QUESTIONS,
    FILTER_VALUES,
    ID_CHARACTERS,
    TOP_K,
)

Schema = dict[str, Any]

ID = {"minLength": 1, "maxLength": ID_CHARACTERS, "pattern": "^[!-~]+$"}
_SENTENCE = {"minLength": 1, "pattern": r"\S"}
_TAG = {"pattern": "^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$"}
_DATE = {"pattern": "^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"}
_DEMANDS: Mapping[type[msgspec.Struct], Mapping[str, Schema]] = {
    CompletionRequest: {},
    FeedbackRequest: {},
    Filters: {
        "langs": {"maxItems": FILTER_VALUES, "items": _TAG},
        "article_ids": {"maxItems": FILTER_VALUES, "items": ID},
        "published_after": _DATE,
        "published_before": _DATE,
    },
    IngestRequest: {"paths": {"minItems": 1, "items": {"pattern": "^/"}}},
    KildeOptions: {"conversation_id": ID, "answer_lang": _TAG},
    Question: {
        "question": _SENTENCE,
        "conversation_id": ID,
        "answer_lang": _TAG,
        "earlier": {"maxItems": EARLIER_QUESTIONS, "items": _SENTENCE},
    },
    SearchRequest: {"query": _SENTENCE, "top_k": {"minimum": 1, "maximum": TOP_K}},
}
"""Of the records that requests are decoded to, by their fields."""
_TEXT = {"type": "string"}
_NAMES = [kind.event for kind in get_args(Event)]
_EVENT = {"event": {"type": "string", "enum": _NAMES}, "id": _TEXT, "data": _TEXT}
_TEXTS = {name: {"schema": _TEXT} for name in ("text/markdown", "text/csv")}


def _object(fields: Schema) -> Schema:
    return {"type": "object", "properties": fields, "required": list(fields)}


_ALSO: Mapping[tuple[str, str], Schema] = {
    ("/v1/chat", "post"): {"text/event-stream": {"schema": _object(_EVENT)}},
    ("/v1/chat/completions", "post"): {"text/event-stream": {"schema": _object({"data": _TEXT})}},
    ("/v1/admin/unanswered", "get"): _TEXTS,
}
"""Media types of a 200 beside JSON; of a stream, the schema of each of its events."""


class DocumentConfig(OpenAPIConfig):
    """What the app takes in place of the framework's own."""

    def to_openapi_schema(self) -> OpenAPI:
        made = super().to_openapi_schema()
        return _Document(**{name: getattr(made, name) for name in made.__dataclass_fields__})


class _Document(OpenAPI):
    def to_schema(self) -> Schema:
        return completed(super().to_schema())


def completed(document: Schema) -> Schema:
    """The document with all that is said here."""
    for kind, fields in _DEMANDS.items():
        _complete(document["components"]["schemas"][kind.__name__], kind, fields)
    for parameter in _parameters(document):
        if parameter["in"] == "path" and parameter["name"].endswith("_id"):
            parameter["schema"].update(ID)
    for (path, method), contents in _ALSO.items():
        document["paths"][path][method]["responses"]["200"]["content"].update(contents)
    return document


def _complete(schema: Schema, kind: type[msgspec.Struct], fields: Mapping[str, Schema]) -> None:
    if kind.__struct_config__.forbid_unknown_fields:
        schema["additionalProperties"] = False
    for name, demands in fields.items():
        _demand(schema["properties"][name], demands)


def _demand(schema: Schema, demands: Schema) -> None:
    """Of the value itself where null may stand in its place."""
    for either in schema.get("oneOf", (schema,)):
        if either.get("type") != "null":
            either.update({key: value for key, value in demands.items() if key != "items"})
            either.get("items", {}).update(demands.get("items", {}))


def _parameters(document: Schema) -> Iterator[Schema]:
    for methods in document["paths"].values():
        for operation in methods.values():
            yield from operation.get("parameters", ())
