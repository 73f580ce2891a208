"""Whether a run may be deployed.

Every byte is compared with its digest before any of it is parsed; only then is the model opened and
asked, in a process of its own, whose end harms no one. What is damaged, or kills who reads it, is
refused.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from palate.errors import BadInput, PalateError
from palate.runs.manifest import verified

REFUSED: Final = 3
"""Exit code of a check that found something; its words are on stdout."""
SECONDS: Final = 600.0
_BEGIN: Final = (
    f"import os; hasattr(os, 'nice') and os.nice(15); from {__name__} import main; main()"
)
"""People's requests come first from the first import on."""
_LISTS: Final = 20


@dataclass(frozen=True)
class CheckedRun:
    """A run that may be deployed.

    Attributes:
        model: The model that was asked.
        digest: SHA-256 of its manifest, which names the digest of every file.
    """

    model: str
    digest: str


def checked(run: Path, model: str = "", seconds: float = SECONDS) -> CheckedRun:
    """Check a run directory.

    Args:
        run: The folder.
        model: The model that shall answer; empty for the one of the headline.
        seconds: After which it is refused.

    Raises:
        BadInput: It may not be deployed, and why.

    Cost: reading all of it once, opening the model once, and a start of Python.
    """
    digest = verified(run).sha256
    words = [sys.executable, "-c", _BEGIN, str(run), model]
    try:
        # the words are this Python, this module, and a folder that was looked at
        done = subprocess.run(words, capture_output=True, timeout=seconds, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise _bad(run, f"it could not be opened within {seconds:.0f} s") from None
    with suppress(ValueError, TypeError, UnicodeDecodeError):
        said = json.loads(done.stdout)
        if done.returncode == 0:
            return CheckedRun(str(said["model"]), digest)
        if done.returncode == REFUSED:
            raise BadInput(**said)
    raise _bad(run, f"opening it ended the process that tried ({done.returncode})")


def _bad(run: Path, what: str) -> BadInput:
    return BadInput(what, where=str(run), next_step="run the recipe again")


def _opened(run: Path, model: str) -> str:
    """The model's name, when the other process has opened it and asked it for lists."""
    from palate.recommend import ExhaustiveRecommender
    from palate.runs import files
    from palate.runs.open import open_run
    from palate.tables import Histories, Request

    opened = open_run(run)
    name = model or opened.rows(files.SUMMARY).best_model
    scorer, log = opened.scorer(name), opened.data.interactions
    for block in opened.recipe.graph.all_blocks(name):
        opened.fitted.blocks[block]
    histories = Histories.of(log, log.user[:_LISTS])
    requests = [Request.unseen(histories.take(np.array([n]))) for n in range(len(histories))]
    ExhaustiveRecommender(scorer, len(opened.data.catalogue)).recommend(requests, 10)
    return name


def main() -> None:
    """What the process of a check does; it ends with the exit code that says what was found."""
    run, model = sys.argv[1:]
    raise SystemExit(_said(run, model))


def _said(run: str, model: str) -> int:
    try:
        print(json.dumps({"model": _opened(Path(run), model)}))  # noqa: T201 - who started it reads
    except PalateError as error:
        said = {"what": error.what, "where": error.where, "allowed": error.allowed}
        print(json.dumps({**said, "next_step": error.next_step}))  # noqa: T201
        return REFUSED
    except Exception as error:  # whatever reading a foreign folder may raise
        what = f"it cannot be opened: {type(error).__name__}: {error}"
        print(json.dumps({"what": what, "where": run}))  # noqa: T201
        return REFUSED
    return 0
