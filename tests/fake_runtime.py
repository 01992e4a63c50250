"""The fake backend in the place of the runtime that commands open.

In: pytest's monkeypatch and a folder. Out: the runtime of all commands run in this process, whose data folder is
``data`` in that folder, and exists.
"""

import sys
import types
from pathlib import Path

import pytest
from fake_backend import FakeBackend

from rag.records import Readiness


class FakeRuntime(FakeBackend):
    """As ``open_runtime`` returns it, with as many articles as wanted."""

    article_count = 1
    is_open = True

    async def readiness(self) -> Readiness:
        return Readiness(ready=True, articles=self.article_count, chunks=1, index="ok", message="")

    def warm(self) -> None: ...

    def close(self) -> None:
        self.is_open = False


def installed(monkeypatch: pytest.MonkeyPatch, folder: Path) -> FakeRuntime:
    runtime = FakeRuntime()
    module = types.ModuleType("rag.runtime")
    module.open_runtime = lambda settings: runtime  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "rag.runtime", module)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("KILDE_DATA_DIR", str(folder / "data"))
    (folder / "data").mkdir()
    return runtime
