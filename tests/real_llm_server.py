"""A real OpenAI-compatible server that a library ships: ``transformers serve``, on a free port of 127.0.0.1."""

import importlib.util
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

NEEDED = [name for name in ("accelerate", "fastapi") if importlib.util.find_spec(name) is None]
WHY_NOT = f"pip install {' '.join(NEEDED)} brings what `transformers serve` needs"
TEMPLATE = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant: "
READY_S = 120


@contextmanager
def served(model: Path) -> Iterator[str]:
    """Its base URL; it is killed in the end."""
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", "--host", "127.0.0.1", "--port", "0"]
    env = os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONWARNINGS": "ignore"}
    with subprocess.Popen(
        [*command, "--device", "cpu", str(model)], env=env, stderr=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        try:
            yield f"{_address(process)}/v1"
        finally:
            process.kill()


def _address(process: "subprocess.Popen[str]") -> str:
    """As the server says it, once it answers there."""
    assert process.stderr is not None
    lines = iter(process.stderr.readline, "")
    address = next(found[0] for line in lines if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
    until = time.monotonic() + READY_S
    while time.monotonic() < until:
        try:
            httpx.get(f"{address}/health", timeout=5).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.2)
        else:
            return address
    raise TimeoutError(address)
