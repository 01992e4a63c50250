"""A folder of articles that changes from round to round, always in the same way for the same chance.

In: its files, and where to write them. Out: what it holds in each round. The only markup it knows is a ``title`` line.
"""

import random
import re
from collections.abc import Iterator
from pathlib import Path

Files = dict[str, bytes]
"""Content by path, relative to the folder that is ingested."""
CHANGED_SHARE = 0.1
"""Of the articles, so many get a new title in each round, which embeds them anew, and as many a new paragraph."""


def changing(files: Files, rounds: int, chance: random.Random) -> Iterator[Files]:
    """What the folder holds in each round: new titles, new paragraphs, an article moved, one removed, one back."""
    removed: Files = {}
    for number in range(rounds):
        files = files | removed
        names = chance.sample(sorted(files), 2 + 2 * round(len(files) * CHANGED_SHARE))
        gone, moved, *changed = names
        removed = {gone: files.pop(gone)}
        files[str(Path(moved).with_name(f"r{number}-{Path(moved).name}"))] = files.pop(moved)
        for position, name in enumerate(changed):
            files[name] = _retitled(files[name], number) if position % 2 else _lengthened(files[name], number)
        yield dict(files)


def read_folder(folder: Path) -> Files:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def write_folder(folder: Path, files: Files) -> None:
    """Make the folder hold these files; what is as it should be is not touched."""
    present = read_folder(folder)
    for name in present.keys() - files.keys():
        (folder / name).unlink()
    for name, content in files.items():
        if present.get(name) != content:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)


def _retitled(content: bytes, number: int) -> bytes:
    return re.sub(rb'(?m)^(title\s*[:=]\s*["\']?)', rb"\g<1>%d. " % number, content, count=1)


def _lengthened(content: bytes, number: int) -> bytes:
    return content + f"\n\nNote {number}: this paragraph was added later.\n".encode()
