"""Short commands import little: most of their time would go into it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_site import TEXTS, ingest, without_model, write_articles

from rag.runtime import open_runtime
from rag.settings import Settings

HEAVY = {
    *("torch", "sentence_transformers", "chromadb", "litestar", "sqlalchemy", "alembic", "httpx", "lingua"),
    *("mcp", "pydantic", "openai", "tiktoken"),
}
NEEDED_FOR_A_CHANGE = {
    *("torch", "sentence_transformers", "transformers", "chromadb", "numpy"),
    *("yaml", "lxml", "markdown_it", "Stemmer", "regex", "lingua"),
    *("alembic", "babel", "rich", "httpx", "litestar", "uvicorn", "watchfiles", "pydantic"),
}
UNCHANGED = "import sys; from rag.cli import run; run(['ingest', *sys.argv[1:], '--json']); print(*sys.modules)"


def test_help_imports_nothing_heavy() -> None:
    code = "import sys; from rag.cli import run; run(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "ingest" in done.stdout
    modules = set(done.stderr.split())
    assert "rag.cli" in modules
    assert not modules & HEAVY


def test_asking_a_service_imports_no_engine(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from rag.owner import Owner; from rag.cli import run\n"
        "with Owner.acquire(Path(sys.argv[1])) as owner:\n"
        "    owner.publish('http://127.0.0.1:1'); code = run(['ask', 'Where?'])\n"
        "print(code, *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        env={"KILDE_DATA_DIR": str(tmp_path)},
    )
    code_, *modules = done.stdout.split()
    assert (code_, "process" in done.stderr) == ("2", True)
    assert set(modules) & HEAVY == {"httpx"}


def test_an_ingest_without_changes_imports_nothing_that_a_change_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_model(monkeypatch)
    site = write_articles(tmp_path / "site", TEXTS)
    runtime = open_runtime(Settings(data_dir=str(tmp_path / "data")))
    ingest(runtime, site)
    runtime.close()
    done = subprocess.run(
        [sys.executable, "-c", UNCHANGED, str(site)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "KILDE_DATA_DIR": str(tmp_path / "data")},
    )
    *_, summary, modules = done.stdout.splitlines()
    assert '"unchanged":2' in summary
    assert set(modules.split()) & NEEDED_FOR_A_CHANGE == set()
