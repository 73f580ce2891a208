"""The files that the pages are made of: read once, named by their content, sent with headers that
let a browser run nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from palate.translation import LANGUAGES, translator

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
)
"""What a page may load and do (Content-Security-Policy): its own files, and requests to its own
service. No script stands in a page, and none can be put there.
"""

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""Of every page and file."""

_TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".json": "application/json",
}


@dataclass(frozen=True)
class Asset:
    """A file.

    Attributes:
        content: Its bytes.
        kind: Media type.
    """

    content: bytes
    kind: str


@dataclass(frozen=True)
class Assets:
    """All files of the pages.

    Attributes:
        found: Name, with folders -> file.
        digest: Of all of them: it stands in their addresses, so that a browser may keep them for
            ever and never mixes two versions.
    """

    found: Mapping[str, Asset]
    digest: str

    def address(self, name: str) -> str:
        """Where a page finds the file."""
        return f"/assets/{self.digest}/{name}"


def catalogue(language: str) -> str:
    """Name of the file with the sentences of a language."""
    return f"{language}.json"


def read_assets() -> Assets:
    """The files as they lie in the package, the sentences of each language, and the report's style,
    which is theirs too.
    """
    found = dict(_below(files("palate.serve.page") / "static", ""))
    # of `palate.report`, by way of the package above it: that one is not imported for its style
    style = (files("palate") / "report" / "report.css").read_bytes()
    found["report.css"] = Asset(style, _TYPES[".css"])
    for code in LANGUAGES:
        speaks = translator(code)
        if speaks is not None:
            text = json.dumps(speaks.plain(), ensure_ascii=False, separators=(",", ":"))
            found[catalogue(code)] = Asset(text.encode(), _TYPES[".json"])
    digest = hashlib.sha256()
    for name, asset in sorted(found.items()):
        digest.update(f"{name} {len(asset.content)} ".encode() + asset.content)
    return Assets(found, digest.hexdigest()[:16])


def _below(folder: Traversable, prefix: str) -> list[tuple[str, Asset]]:
    found: list[tuple[str, Asset]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _below(entry, f"{prefix}{entry.name}/")
        else:
            kind = _TYPES.get("." + entry.name.rpartition(".")[2])
            if kind is not None:
                found.append((prefix + entry.name, Asset(entry.read_bytes(), kind)))
    return found
