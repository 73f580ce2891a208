"""One run as a stranger does it: the files, the guessed recipe, a budget.

Two things are left out, since they take longer than all the rest and say nothing here: the map, and
the sequence model, there being no sequences in these worlds. Runs under whatever `palate` is on the
path, an earlier version too, which knows no budget.
"""

import importlib.util
import sys

import palate

FAMILIES = (
    "popularity",
    "recent-popularity",
    "cooccurrence",
    "item-knn",
    "rp3beta",
    "ease",
    "ials",
    "slist",
)


def main(log: str, items: str, folder: str, seconds: str) -> None:
    """Read, run, and write the run directory."""
    settings = {"report__map_items": 0}
    if importlib.util.find_spec("palate.choose"):
        settings |= {"choose__seconds": float(seconds), "choose__families": FAMILIES}
    palate.run(palate.read(log, items), folder=folder, **settings)


if __name__ == "__main__":
    main(*sys.argv[1:])
