"""What the benchmark hands to a pipeline's process, and what that prints.

In and out: JSON. Knows nothing of Kilde: it is read in the environment of the peers too.
"""

import msgspec


class Job(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One process's work: to ingest where there are no questions, else to search what was ingested."""

    articles: str
    """Folder of text files, one article each."""
    data_dir: str
    """Where the index is kept, empty before the ingest."""
    model: str
    """A sentence-transformers folder."""
    prompts: bool
    """Whether the model gets `query: ` and `passage: ` before its texts."""
    dtype: str
    """torch's name of what the bare encoder computes in, as the pipeline does."""
    launched_s: float
    """On the system's monotonic clock."""
    questions: tuple[str, ...] = ()


class Ingested(msgspec.Struct, frozen=True, kw_only=True):
    """Of the articles; the model was loaded before the clock ran."""

    texts: int
    chunks: int
    wall_s: float
    processor_s: float
    peak_gb: float
    bare_wall_s: float
    bare_processor_s: float
    """Of sentence-transformers alone, on the same texts uncut, in the same process afterwards."""
    versions: dict[str, str]


class Searched(msgspec.Struct, frozen=True, kw_only=True):
    """One search after another; the first was asked once before, to start."""

    start_s: float
    """From the launch of the process to the first search's hits."""
    times_ms: tuple[float, ...]
    processor_ms: float
    """Mean of a search."""
    best: tuple[str, ...]
    """Of each question's best hit, the article's path in the folder; empty where nothing was found."""
    peak_gb: float
