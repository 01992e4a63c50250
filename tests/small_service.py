"""``python small_service.py serve …``: Kilde's command line with the encoder that counts words, every log at INFO.

In: the options of ``kilde``. Out: what it does. Articles are read in this process.
"""

import logging
import sys
from pathlib import Path

from small_index import read_here
from word_encoder import WordEncoder

import index.build
import index.encoder
from evals.cli import main


def words(model: str, model_dir: Path) -> WordEncoder:
    return WordEncoder()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    index.encoder.SentenceEncoder = words  # type: ignore[assignment, misc]
    index.build.read_folders = read_here  # type: ignore[assignment]
    sys.argv[0] = "kilde"
    main()
