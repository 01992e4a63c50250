"""A Hugo file's text in, its front matter and body out: YAML between ``---``, TOML between ``+++``, or a JSON object.

Keys are lower case, values are what the format gives (YAML: text as written, so that a date keeps its precision).
Refuses front matter that is too long, is not closed or not valid, and YAML anchors, aliases and tags.
"""

import json
import re
import tomllib
from typing import Any

import yaml

from index.errors import UnreadableFileError

Fields = dict[str, Any]
LONGEST = 64 * 1024
DEEPEST = 50
"""Lists and maps inside each other; the time that YAML's parser takes grows with the square of them."""
_DELIMITED = re.compile(r"(?P<mark>---|\+\+\+)[ \t]*\n")
_YAML_KEY = re.compile(r"\s*(?:#[^\n]*\n\s*)*[\"']?[\w.-]+[\"']?[ \t]*:(?:\s|$)")
_TOML_KEY = re.compile(r"\s*(?:#[^\n]*\n\s*)*(?:\[|[\"']?[\w.-]+[\"']?[ \t]*=)")
_JSON_OBJECT = re.compile(r'\{\s*"')


def split_front_matter(source: str) -> tuple[Fields, str] | None:
    """None where the text does not open with front matter."""
    if _JSON_OBJECT.match(source):
        return _split_json(source)
    opened = _DELIMITED.match(source)
    if opened is None:
        return None
    mark, start = opened["mark"], opened.end()
    key = _YAML_KEY if mark == "---" else _TOML_KEY
    closed = re.compile(rf"^{re.escape(mark)}[ \t]*$", re.MULTILINE).search(source, start)
    if closed is not None and not source[start : closed.start()].strip():
        return {}, source[closed.end() :]
    if key.match(source, start) is None:
        return None
    if closed is None:
        raise UnreadableFileError(f"The front matter that opens with {mark} is never closed with {mark}.")
    block = source[start : closed.start()]
    if len(block.encode()) > LONGEST:
        raise UnreadableFileError(f"The front matter is longer than {LONGEST // 1024} KB.")
    return _lower(_yaml(block) if mark == "---" else _toml(block)), source[closed.end() :]


def _yaml(block: str) -> object:
    try:
        depth = 0
        for event in yaml.parse(block, Loader=yaml.BaseLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise UnreadableFileError(f"The front matter nests more than {DEEPEST} deep; simplify it.")
            if getattr(event, "anchor", None) or getattr(event, "tag", None):
                raise UnreadableFileError(
                    "The front matter uses a YAML anchor, alias or tag (&, * or !); put such a value in quotes."
                )
        return yaml.load(block, Loader=yaml.BaseLoader)  # makes text only, never objects
    except yaml.MarkedYAMLError as exc:
        line = f", line {exc.problem_mark.line + 2}" if exc.problem_mark else ""
        raise UnreadableFileError(f"The front matter is not valid YAML{line}: {exc.problem}.") from exc
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as exc:
        raise UnreadableFileError(f"The front matter is not valid YAML: {type(exc).__name__}.") from exc


def _toml(block: str) -> object:
    try:
        return tomllib.loads(block)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as exc:
        raise UnreadableFileError(f"The front matter is not valid TOML: {exc}.") from exc


def _split_json(source: str) -> tuple[Fields, str]:
    try:
        value, end = json.JSONDecoder().raw_decode(source[:LONGEST])
    except (ValueError, RecursionError) as exc:
        raise UnreadableFileError(f"The JSON front matter is not valid, or longer than 64 KB: {exc}.") from exc
    return _lower(value), source[end:]


def _lower(value: object) -> Fields:
    if not isinstance(value, dict):
        raise UnreadableFileError("The front matter is not a set of keys and values.")
    return {str(key).lower(): item for key, item in value.items()}
