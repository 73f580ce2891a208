"""Measure what one operation of each part takes on this machine, for machines on which no one did.

python tools/reference_rates.py        on a quiet machine; writes src/palate/reference_rates.json
"""

from __future__ import annotations

from pathlib import Path

from palate.pipeline.rates import measured_rates
from palate.progress import Silent
from palate.work import REFERENCE, keep_rates

if __name__ == "__main__":
    keep_rates(measured_rates(Silent()), Path(__file__).parents[1] / "src" / "palate" / REFERENCE)
