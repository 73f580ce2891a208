"""One run as a stranger does it: the files, the guessed recipe, a budget; nothing else.

Runs under whatever `palate` is on the path, an earlier version too, which knows no budget.
"""

import importlib.util
import sys

import palate


def main(log: str, items: str, folder: str, seconds: str) -> None:
    """Read, run, and write the run directory."""
    budget = (
        {"choose__seconds": float(seconds)} if importlib.util.find_spec("palate.choose") else {}
    )
    palate.run(palate.read(log, items), folder=folder, **budget)


if __name__ == "__main__":
    main(*sys.argv[1:])
