"""``python -m evals.torture.loud ARGS…``: the command line with every library's log at INFO, on stderr."""

import logging

from evals import cli

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    cli.main()
