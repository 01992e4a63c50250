"""A folder of paths and names that lead out of it, block, or break whoever takes them for text.

In: an empty folder. Out: in it ``site`` with 300 hostile entries, beside it what they try to reach, which holds
``CANARY``. A name that the file system does not take is left out; so are devices without the right to make them.
"""

import os
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

CANARY = "zq7canary"
_SUFFIXES = (".md", ".markdown", ".html", ".txt")
_TARGETS = (
    "../secret/secret.md",
    "../secret",
    "../../../../../../../../etc/passwd",
    "/etc/passwd",
    "/etc",
    "/proc/self/environ",
    "/proc/self/fd/0",
    "/proc/kmsg",
    "/dev/zero",
    "/dev/random",
    "/dev/stdin",
    "/dev/full",
    ".",
    "..",
    "/",
    "missing",
    "link to itself",
    "../secret/link back",
    "article-1/../../secret/secret.md",
    "./././../secret/./secret.md",
)
_NAMES = (
    "new\nline",
    "carriage\rreturn",
    "tab\tstop",
    "bell\a",
    "escape\x1b[31m",
    "delete\x7f",
    "next line\u0085",
    "line separator\u2028",
    "zero width\u200b",
    "right to left\u202emd.exe",
    "byte order\ufeff",
    "noncharacter\ufdd0",
    "é composed",
    "e\u0301 composed",
    "Å angstrom",
    "\u212b angstrom",
    "ﬁ ligature",
    "ſtraße",
    "STRASSE",
    "İstanbul",
    "-rf",
    "--help",
    "~",
    "~root",
    "$HOME",
    "$(touch x)",
    "`touch x`",
    ";touch x;",
    "|touch x",
    "&& touch x",
    "%2e%2e%2fsecret",
    "%00",
    "..%5csecret",
    "..\\secret",
    "C:\\secret",
    "\\\\host\\share",
    "file:///etc/passwd",
    "http://127.0.0.1",
    "*",
    "?",
    "[a-z]",
    "{a,b}",
    "'single'",
    '"double"',
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "'); DROP TABLE article; --",
    "{{7*7}}",
    "${7*7}",
    "%s%n%x",
    "{0}",
    "CON",
    "NUL",
    "trailing space ",
    "trailing dot.",
    " leading space",
    "...",
    "....",
    ".md",
    "index.de.nb.md",
    "index.xx-YY-zz",
    "a" * 240,
    "中" * 80,
    "👩‍👩‍👧‍👦" * 9,
    "\u0301" * 100,
)
_RAW = (
    b"\xff",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"\xf5\x80\x80\x80",
    b"a\xffb",
    b"\xc0\xae\xc0\xae",
    b"\xfe\xff",
    b"\x80" * 9,
)


def hostile_folder(folder: Path) -> int:
    """How many entries were made."""
    site, secret = folder / "site", folder / "secret"
    site.mkdir(parents=True)
    secret.mkdir()
    (secret / "secret.md").write_text(f"The secret is {CANARY}.\n", encoding="utf-8")
    (secret / "link back").symlink_to(site)
    made = 0
    for make in _entries(site):
        with suppress(OSError):
            make()
            made += 1
    return made


def _entries(site: Path) -> Iterator[Callable[[], object]]:
    for number, target in enumerate(_TARGETS):
        for suffix in (*_SUFFIXES, ""):
            yield partial((site / f"link {number}{suffix}").symlink_to, target)
    for number in range(40):
        yield partial((site / f"chain {number}.md").symlink_to, f"chain {number + 1}.md")
    yield partial((site / "chain 40.md").symlink_to, "../secret/secret.md")
    for name in _NAMES:
        yield partial(_named, site / f"{name}.md")
        yield partial(_folder_with_article, site / f"in {name}")
    for raw in _RAW:
        yield partial(_write_raw, os.fsencode(site) + b"/" + raw + b".md")
        yield partial(os.mkdir, os.fsencode(site) + b"/in " + raw)
    for suffix in _SUFFIXES:
        yield partial(os.mkfifo, site / f"pipe{suffix}")
        yield partial(_bind, site / f"socket{suffix}")
        yield (site / f"folder{suffix}").mkdir
        yield (site / f"empty{suffix}").touch
        yield partial(_sparse, site / f"sparse{suffix}")
        yield partial(os.mknod, site / f"zero{suffix}", stat.S_IFCHR | 0o666, os.makedev(1, 5))
        yield partial(_forbidden, site / f"forbidden{suffix}")
    yield partial(_deep, site, 180)


def _named(file: Path) -> None:
    file.write_text(f"Named {file.stem!r}.\n", encoding="utf-8")


def _folder_with_article(folder: Path) -> None:
    folder.mkdir()
    (folder / "article.md").write_text("An article in a folder.\n", encoding="utf-8")


def _write_raw(path: bytes) -> None:
    with open(path, "wb") as file:  # noqa: PTH123 - a path that is no text
        file.write(b"Text.\n")


def _bind(path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as one:
        one.bind(str(path))


def _sparse(path: Path) -> None:
    """A terabyte that takes no room."""
    with path.open("wb") as file:
        file.truncate(1 << 40)


def _forbidden(path: Path) -> None:
    path.write_text("Nobody may read this.\n", encoding="utf-8")
    path.chmod(0)


def _deep(folder: Path, depth: int) -> None:
    """Close to the longest that a path may be."""
    for _ in range(depth):
        folder = folder / ("d" * 20)
    folder.mkdir(parents=True)
    (folder / "deep.md").write_text("Deep.\n", encoding="utf-8")
