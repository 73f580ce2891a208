"""Every built-in part: stage -> versioned name -> `module:attribute`. Strings only, so nothing is imported.

A new meaning or a new default is a new version beside the old one.
"""

from __future__ import annotations

PARTS: dict[str, dict[str, str]] = {
    "reader": {},
    "splitter": {},
    "encoder": {
        "text.tfidf.v1": "palate.encode.text.tfidf:Tfidf",
    },
    "shaper": {},
    "scorer": {},
    "metric": {},
}
