"""Texts that can only come from one place, and the files in which they are found again.

In: how many. Out: canaries, each unlike any other text; the files of folders that hold a byte of any of them.
"""

import secrets
from collections.abc import Collection, Iterable
from pathlib import Path


def canaries(count: int) -> tuple[str, ...]:
    """Words of letters only, which redaction leaves as they are."""
    letters = "bcdfghjklmnpqrstvwxz"
    return tuple("zq" + "".join(secrets.choice(letters) for _ in range(18)) for _ in range(count))


def hits(texts: Collection[str], folders: Iterable[Path]) -> dict[str, set[str]]:
    """Which of the texts are found, by file."""
    found = {}
    for file in (file for folder in folders for file in folder.rglob("*") if file.is_file()):
        content = file.read_bytes()
        here = {text for text in texts if text.encode() in content or text.encode("utf-16-le") in content}
        if here:
            found[str(file)] = here
    return found
