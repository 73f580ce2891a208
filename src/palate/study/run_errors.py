"""What a run says of its data that no answer from it can be relied on for."""

from __future__ import annotations

from palate.runs import files
from palate.runs.open import OpenedRun
from palate.tables import Finding


def run_errors(run: OpenedRun) -> tuple[Finding, ...]:
    """The errors that the run's summary names, for those who ask more of the run."""
    place = run.folder / files.SUMMARY.name
    said = files.SUMMARY.read(run.folder).errors if place.is_file() else ()
    return tuple(Finding("run-error", "error", sentence, where=str(place)) for sentence in said)
