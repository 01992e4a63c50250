"""What a result was measured on, and how Kilde's own command runs there.

In: nothing but this process's machine and installation; ``KILDE_MODEL_DIR`` for the unpacked model. Out: one line each
for machine and versions, and what starts ``kilde`` on a data folder that no other setting reaches. No host names.
"""

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from evals.machine import machine, versions
from rag.settings import PREFIX, load_settings

KILDE = str(Path(sys.executable).with_name("kilde"))
ARTICLES = Path(__file__).resolve().parents[1] / "corpus" / "content"


def describe() -> str:
    """Day, machine and versions as Markdown lines; the load tells whether the machine was quiet."""
    load = os.getloadavg()[0]
    return (
        f"{datetime.now(UTC).date().isoformat()}, {machine()}, load {load:.1f} when this was printed\n\n"
        + ", ".join(f"{name} {number}" for name, number in versions().items())
    )


def kilde_environment(data_dir: Path, settings: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """For a ``kilde`` that knows this data folder and where the model lies, and none of the caller's other settings but
    ``settings``.

    Its service counts no requests, since all of a benchmark's come from one visitor.
    """
    others = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return {
        **others,
        "KILDE_DATA_DIR": str(data_dir),
        "KILDE_MODEL_DIR": str(model_dir()),
        "KILDE_RATE_LIMIT": "off",
        "KILDE_SITE_LIMIT": "off",
        **settings,
    }


def model_dir() -> Path:
    """Where the bundled model is unpacked."""
    return load_settings().model_path
