"""Which embedding model a setting names, told without loading it.

In: ``bundled``, or a sentence-transformers name or folder. Out: what tells its vectors from another model's.
"""

import hashlib
from pathlib import Path

BUNDLED = "bundled"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
"""Of the bundled weights."""
FOLDER = f"multilingual-e5-small-{SHA256[:8]}"


def model_fingerprint(model: str) -> str:
    """Tells one model's vectors from another's, without loading it; a folder whose files changed is another model."""
    if model == BUNDLED:
        return FOLDER
    if not Path(model).is_dir():
        return model
    files = sorted(file for file in Path(model).rglob("*") if file.is_file())
    seen = [f"{file.relative_to(model)}:{file.stat().st_size}:{file.stat().st_mtime_ns}" for file in files]
    return f"{Path(model).name}-{hashlib.sha256('|'.join(seen).encode()).hexdigest()[:8]}"
