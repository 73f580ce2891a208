"""What a start of the service does without, since it takes longer than all else of it."""

from __future__ import annotations

import subprocess
import sys


def test_nothing_is_imported_that_no_answer_needs() -> None:
    code = (
        "import sys, palate.serve.server, palate.serve.page.assets as assets;"
        " assets.read_assets();"
        " print([name for name in ('scipy.stats', 'palate.report') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
