"""What a result was measured on, and how Kilde's own command runs there.

In: nothing but this process's machine and installation; ``KILDE_MODEL_DIR`` for the unpacked model. Out: one line each
for machine and versions, and what starts ``kilde`` on a data folder that no other setting reaches. No host names.
"""

import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from index.encoder import has_bfloat16
from rag.settings import PREFIX, load_settings

KILDE = str(Path(sys.executable).with_name("kilde"))
ARTICLES = Path(__file__).resolve().parents[1] / "corpus" / "content"
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


def describe() -> str:
    """Day, machine and versions as Markdown lines; the load tells whether the machine was quiet."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    load = os.getloadavg()[0]
    return (
        f"{datetime.now(UTC).date().isoformat()}, {machine()}, load {load:.1f} when this was printed\n\n"
        f"Python {platform.python_version()}, {versions}"
    )


def machine() -> str:
    """Cores, processor, memory and system."""
    arithmetic = "bfloat16" if has_bfloat16() else "float32"
    memory_gb = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores of {_processor()} ({arithmetic}), {memory_gb:.0f} GB, {platform.system()}"


def kilde_environment(data_dir: Path) -> dict[str, str]:
    """For a ``kilde`` that knows this data folder and where the model lies, and none of the caller's other settings."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return {**others, "KILDE_DATA_DIR": str(data_dir), "KILDE_MODEL_DIR": str(model_dir())}


def model_dir() -> Path:
    """Where the bundled model is unpacked."""
    return load_settings().model_path


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="ignore").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    named = {name.strip(): value.strip() for name, value in fields.items()}
    return f"{named.get('model name', platform.machine())} (family {named.get('cpu family', '?')})"
