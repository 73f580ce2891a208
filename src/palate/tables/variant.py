"""What a measured model is: one of the recipe, or one of them with something changed on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal[
    "model", "permuted", "random", "counterpart", "without", "combination", "published"
]
"""`model`: as the recipe says. `permuted`, `random`: with blocks that mean nothing. `counterpart`:
with all its blocks gone. `without`: with some of them gone. `combination`: some blocks brought
together by one operator. `published`: a figure of another program."""

Role: TypeAlias = Literal["model", "control", "ablation", "combination", "published"]
"""What a model is there for."""

_ROLES: Mapping[Kind, Role] = MappingProxyType(
    {
        "model": "model",
        "permuted": "control",
        "random": "control",
        "counterpart": "ablation",
        "without": "ablation",
        "combination": "combination",
        "published": "published",
    }
)


@dataclass(frozen=True)
class Variant:
    """A model and what was changed about it; read these fields, never the name.

    Attributes:
        of: The model of the recipe; of a combination its operator, of a published figure the name
            that its source gives.
        kind: What was done to it.
        changed: The blocks that mean nothing or are gone, or what is combined.

    >>> Variant("blend", "permuted", ("text",)).name
    'blend~permuted'
    """

    of: str
    kind: Kind = "model"
    changed: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name that files and tables show; made only here, and never read back."""
        if self.kind == "counterpart":
            return f"{self.of}-without-features"
        if self.kind == "without":
            return f"{self.of}-without-{'-'.join(self.changed)}"
        if self.kind == "combination":
            return f"{self.of}: {', '.join(self.changed)}"
        return meaningless(self.of, self.kind) if self.role == "control" else self.of

    @property
    def role(self) -> Role:
        """What it is there for: a control is a model whose content means nothing."""
        return _ROLES[self.kind]


def meaningless(name: str, kind: str) -> str:
    """The name to show of a model or block whose content means nothing.

    >>> meaningless("text", "random")
    'text~random'
    """
    return f"{name}~{kind}"
