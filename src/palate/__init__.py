"""palate: features for recommenders by language and vision models, and proof of what each one is
worth.

Names are loaded when they are first used, so that `import palate` is quick and loads no model
library.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what type checkers and editors see; at run time the names come from _LAZY
    from palate.client import AsyncClient, Client
    from palate.encode.behaviour.estimator import BehaviourEncoder
    from palate.encode.text.estimator import TextEncoder
    from palate.pipeline.api import Run, read, run

__version__ = "0.1.0"

_LAZY = {
    "AsyncClient": "palate.client",
    "Client": "palate.client",
    "read": "palate.pipeline.api",
    "run": "palate.pipeline.api",
    "Run": "palate.pipeline.api",
    "BehaviourEncoder": "palate.encode.behaviour.estimator",
    "TextEncoder": "palate.encode.text.estimator",
}

__all__ = [
    "AsyncClient",
    "BehaviourEncoder",
    "Client",
    "Run",
    "TextEncoder",
    "__version__",
    "read",
    "run",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'palate' has no attribute {name!r}")
    return getattr(importlib.import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return __all__
