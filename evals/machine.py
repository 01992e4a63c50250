"""What a figure was measured on.

In: nothing but this process's machine and installation. Out: text, without host names.
"""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from index.encoder import has_bfloat16

PACKAGES = (
    "torch",
    "sentence-transformers",
    "transformers",
    "tokenizers",
    "chromadb",
    "SQLAlchemy",
    "litestar",
    "numpy",
)


def machine() -> str:
    """Cores, processor, memory and system."""
    arithmetic = "bfloat16" if has_bfloat16() else "float32"
    memory_gb = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores of {_processor()} ({arithmetic}), {memory_gb:.0f} GB, {platform.system()}"


def versions() -> dict[str, str]:
    """Of Python and of the libraries that do the work."""
    return {"Python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="ignore").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    named = {name.strip(): value.strip() for name, value in fields.items()}
    return f"{named.get('model name', platform.machine())} (family {named.get('cpu family', '?')})"
