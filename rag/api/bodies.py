"""Request bodies → records, strictly: no text for a number, no unknown field.

In: the bytes of a request. Out: the record that the route declares as ``data``. Refuses with InputError naming the
field. (The framework's own way turns ``"5"`` into 5 and names unknown fields poorly.)
"""

from typing import Any, TypeVar

import msgspec
from litestar.dto import MsgspecDTO
from litestar.openapi.spec import Reference, Schema
from litestar.typing import FieldDefinition

from rag.api.refusals import body_error
from rag.errors import InputError

T = TypeVar("T", bound=msgspec.Struct)


class StrictJson(MsgspecDTO[T]):
    """``dto=StrictJson[Question]`` on a route."""

    def decode_bytes(self, value: bytes) -> Any:
        return decode(value, self.model_type)

    @classmethod
    def create_openapi_schema(
        cls, field_definition: FieldDefinition, handler_id: str, schema_creator: Any
    ) -> Reference | Schema:
        schema: Reference | Schema = schema_creator.for_field_definition(field_definition)
        return schema


def decode(body: bytes, kind: type[T]) -> T:
    """One record from JSON."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as exc:
        raise body_error(str(exc)) from exc
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise InputError("The body is not valid JSON in UTF-8.") from exc
