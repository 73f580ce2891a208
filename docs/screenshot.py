"""Take the picture of the report that the README shows, from a real run.

    make demo && python docs/screenshot.py            runs/demo/report.html ->
    docs/images/report.png python docs/screenshot.py RUN PICTURE WIDTH HEIGHT [SECTION]

With a SECTION (the id of one, e.g. importance) the others are hidden.

Needs a Chromium: Debian's package `chromium`, or the path of another one in the variable CHROMIUM.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("chromium", "chromium-browser", "google-chrome")


def browser() -> str:
    """The first Chromium that is there."""
    found = os.environ.get("CHROMIUM") or next(
        (path for path in map(shutil.which, NAMES) if path), None
    )
    if found is None:
        sys.exit("no Chromium found: install one, or set CHROMIUM to its path")
    return found


def take(report: Path, picture: Path, width: int, height: int, section: str = "") -> None:
    """Render the top of `report`, or one section of it, into `picture`, width x height pixels."""
    if not report.is_file():
        sys.exit(f"{report} is not there: make demo writes it")
    picture.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        if section:
            hidden = f"section.part:not(#{section}), #head {{ display: none !important; }}</style>"
            page = report.read_text(encoding="utf-8").replace("</style>", hidden, 1)
            report = Path(profile) / "section.html"
            report.write_text(page, encoding="utf-8")
        command = [
            browser(),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
        ]
        command += [
            "--hide-scrollbars",
            f"--user-data-dir={profile}",
            f"--window-size={width},{height}",
        ]
        command += [f"--screenshot={picture}", report.resolve().as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    print(f"wrote {picture}")


if __name__ == "__main__":
    run, picture, width, height, section = [
        *sys.argv[1:],
        *["runs/demo", str(ROOT / "docs/images/report.png"), "1280", "1500", ""][
            len(sys.argv) - 1 :
        ],
    ]
    take(Path(run) / "report.html", Path(picture).resolve(), int(width), int(height), section)
