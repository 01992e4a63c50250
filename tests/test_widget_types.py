"""The code of widget and demo page, checked by TypeScript against what its comments say of it."""

import shutil
import subprocess
from pathlib import Path

import pytest

BROWSER = Path(__file__).parent / "browser"
COMPILER = BROWSER / "node_modules" / ".bin" / "tsc"
needs_compiler = pytest.mark.skipif(
    not COMPILER.exists(), reason="needs TypeScript: npm install --prefix tests/browser --no-package-lock"
)


def check(project: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMPILER, "-p", project], capture_output=True, text=True, check=False)


@needs_compiler
def test_the_types_agree() -> None:
    done = check(BROWSER)
    assert (done.returncode, done.stdout) == (0, "")


@needs_compiler
def test_a_wrong_type_is_found(tmp_path: Path) -> None:
    for folder in ("rag/widget", "rag/page"):
        shutil.copytree(BROWSER.parent.parent / folder, tmp_path / folder)
    project = tmp_path / "tests" / "browser"
    project.mkdir(parents=True)
    shutil.copy(BROWSER / "tsconfig.json", project)
    reading = tmp_path / "rag/widget/reading.js"
    reading.write_text(reading.read_text("utf-8").replace("citation.answer.start", "citation.answer.begin"), "utf-8")
    done = check(project)
    assert done.returncode != 0
    assert "Property 'begin' does not exist" in done.stdout
