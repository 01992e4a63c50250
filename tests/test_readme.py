"""The README and the pages for editors and for other programs run: every ``sh`` block is run as it stands, and prints
what the ``text`` block under it shows.

In a shown output ``…`` stands for anything, and seconds and the port may differ. The sample service is started once;
a block that ends in a service is run until that service is ready.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from markdown_it import MarkdownIt

REPOSITORY = Path(__file__).resolve().parent.parent
SHOWN_ADDRESS = "http://127.0.0.1:8000"
ARTICLE = "---\ntitle: The quay\ndate: 2024-05-02\n---\nThe new quay opened in May.\n"


class Block(NamedTuple):
    command: str
    shown: str


def blocks(markdown: str) -> list[Block]:
    """Every ``sh`` block with the ``text`` block that follows it; ``json`` is for the settings of others."""
    fences = [token for token in MarkdownIt().parse(markdown) if token.type == "fence" and token.info != "json"]
    assert [fence.info for fence in fences[::2]] == ["sh"] * (len(fences) // 2)
    assert [fence.info for fence in fences[1::2]] == ["text"] * (len(fences) // 2)
    return [Block(a.content.strip(), b.content.strip()) for a, b in zip(fences[::2], fences[1::2], strict=True)]


README = (REPOSITORY / "README.md").read_text("utf-8")
BLOCKS = blocks(README)
SAMPLE_SERVICE = BLOCKS[0]
PAGES = [REPOSITORY / "docs" / name for name in ("editors.md", "mcp.md", "openai-api.md")]


def is_service(block: Block) -> bool:
    return block.command.splitlines()[-1].startswith(("kilde serve", "make serve"))


def matches(shown: str, printed: str) -> bool:
    """Is ``printed`` what ``shown`` shows?"""
    pattern = re.escape(shown).replace("…", ".*")
    pattern = re.sub(r"\d+\\\.\d\\ s\b", r"\\d+\\.\\d s", pattern)
    pattern = pattern.replace(re.escape(SHOWN_ADDRESS), r"http://127\.0\.0\.1:\d+")
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


class Shell:
    """Runs blocks as a reader would: in the repository, with a home of its own and ``.venv/bin`` on the path."""

    def __init__(self, home: Path, model_dir: Path, data_dir: Path | None = None) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("KILDE_", "MAKE"))}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.env = inherited | {"HOME": str(home), "PATH": path, "KILDE_MODEL_DIR": str(model_dir), "KILDE_PORT": "0"}
        if data_dir is not None:
            self.env["KILDE_DATA_DIR"] = str(data_dir)

    def run(self, command: str) -> str:
        """What it printed on stdout."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=REPOSITORY,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, command: str) -> tuple[subprocess.Popen[str], str]:
        """The service it started, and what was printed until that was ready."""
        process = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=REPOSITORY,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        assert process.stdout is not None
        printed = ""
        for line in process.stdout:
            printed += line
            if "ready" in line:
                break
        return process, printed


def stop(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, signal.SIGTERM)
    process.communicate(timeout=30)


class Sample(NamedTuple):
    shell: Shell
    printed: str
    url: str


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory, model_dir: Path) -> Iterator[Sample]:
    """The service that ``make serve`` starts, without the installation before it."""
    home = tmp_path_factory.mktemp("home")
    shell = Shell(home, model_dir, data_dir=home / "sample")
    recipe = shell.run("make --dry-run serve").splitlines()[-1]
    process, printed = shell.start(recipe)
    found = re.search(r"http://127\.0\.0\.1:\d+", printed)
    assert found, f"{recipe} did not get ready: {printed}"
    yield Sample(shell, printed, found.group())
    stop(process)


@pytest.mark.service
@pytest.mark.model
def test_the_first_command_prints_what_the_readme_shows(sample: Sample) -> None:
    assert SAMPLE_SERVICE.command == "make serve"
    assert matches(SAMPLE_SERVICE.shown, sample.printed), sample.printed


ON_PAGES = [block for page in PAGES for block in blocks(page.read_text("utf-8"))]
ASKING = [block for block in (*BLOCKS, *ON_PAGES) if not is_service(block) and "KILDE_DATA_DIR" not in block.command]


@pytest.mark.service
@pytest.mark.model
@pytest.mark.parametrize("block", ASKING, ids=lambda block: block.command.split("\n")[0][:40])
def test_a_command_against_the_sample_service_prints_what_the_readme_shows(block: Block, sample: Sample) -> None:
    printed = sample.shell.run(block.command.replace(SHOWN_ADDRESS, sample.url))
    assert matches(block.shown, printed), printed


@pytest.mark.service
@pytest.mark.model
def test_the_commands_for_own_articles_print_what_the_readme_shows(tmp_path: Path, model_dir: Path) -> None:
    ingest, serve = [block for block in BLOCKS if "KILDE_DATA_DIR" in block.command]
    article = tmp_path / "site" / "content" / "news" / "quay.md"
    article.parent.mkdir(parents=True)
    article.write_text(ARTICLE)
    shell = Shell(tmp_path, model_dir)
    printed = shell.run(ingest.command)
    assert matches(ingest.shown, printed), printed
    process, printed = shell.start(serve.command)
    stop(process)
    assert matches(serve.shown, printed), printed


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{page.name}" for page in REPOSITORY.glob("docs/*.md"))])
def test_every_file_that_a_page_links_to_exists(page: str) -> None:
    text = (REPOSITORY / page).read_text("utf-8")
    linked = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
    assert [link for link in linked if not (REPOSITORY / page).parent.joinpath(link).is_file()] == []


@pytest.mark.parametrize(
    ("shown", "printed", "alike"),
    [
        ("1 new in 6.3 s", "1 new in 71.9 s\n", True),
        ("1 new in 6.3 s", "2 new in 6.3 s\n", False),
        ("a\n…\nb", "a\nc\nd\nb", True),
        ("a\n…\nb", "a\nc", False),
        ("ready at http://127.0.0.1:8000 (1)", "ready at http://127.0.0.1:40123 (1)", True),
        ("a", "a and more", False),
    ],
)
def test_shown_output_is_compared_by_everything_but_elisions_seconds_and_port(
    shown: str, printed: str, alike: bool
) -> None:
    assert matches(shown, printed) is alike
