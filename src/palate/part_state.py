"""What a fitted part learnt, as an artefact that says whose it is, and reading it back with care.

Every part that learns has `state() -> Artefact` and `load(Artefact)`. A state holds arrays and
plain facts, never the catalogue, the log or code; beside them stand the part's name and its
settings, so that the state of another part, or of other settings, is refused before a wrong number
comes out of it.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from palate import config
from palate.errors import BadInput, Refused
from palate.store import Artefact

T = TypeVar("T")
S = TypeVar("S", bound=np.generic)

_NEXT = "fit the part again, or open the state that belongs to it"


class Stateful(Protocol):
    """A part as it was registered: its versioned name and its settings."""

    @property
    def name(self) -> str:
        """Versioned name of the part."""
        ...

    @property
    def settings(self) -> Any:
        """Its settings."""
        ...


def state_of(
    part: Stateful,
    arrays: Mapping[str, NDArray[Any]] | None = None,
    facts: Mapping[str, Any] | None = None,
    elsewhere: Collection[str] = (),
) -> Artefact:
    """The state of a part, marked with its name and its settings.

    Args:
        part: Whose state it is.
        arrays: What it learnt, by plain file names.
        facts: Plain values beside them, JSON-able; not called `part` or `settings`.
        elsewhere: Settings that only say where something lies, and may differ where it is loaded.
    """
    settings = {k: v for k, v in config.resolved(part.settings).items() if k not in elsewhere}
    return Artefact(dict(arrays or {}), {"part": part.name, "settings": settings, **(facts or {})})


def fitted(part: object, name: str) -> Any:
    """The attribute `name` that `fit` or `load` set.

    Raises:
        Refused: The part has not been fitted.
    """
    if name not in vars(part):
        raise Refused(
            f"{type(part).__name__} has not been fitted", next_step="call fit or load first"
        )
    return vars(part)[name]


@dataclass(frozen=True, eq=False)
class PartState:
    """A state that belongs to a part, read piece by piece; whatever does not fit is refused.

    Attributes:
        part: Versioned name of the part.
        state: Its arrays and facts.
    """

    part: str
    state: Artefact

    @classmethod
    def of(cls, part: Stateful, state: Artefact) -> PartState:
        """The state, if it is that of `part` with its settings.

        Raises:
            BadInput: It is another part's, or was learnt with other settings.
        """
        found = state.facts.get("part", "no part at all")
        if found != part.name:
            raise BadInput(
                f"this is the state of {found}", where=part.name, allowed=part.name, next_step=_NEXT
            )
        here = config.resolved(part.settings)
        there: Mapping[str, Any] = dict(state.facts.get("settings", {}))
        # A setting that the state does not name was None, or did not exist when it was written.
        other = [key for key, value in there.items() if _plain(here.get(key)) != _plain(value)]
        if other:
            key = other[0]
            raise BadInput(
                f"the state was learnt with {key} = {there[key]!r}, and here it is"
                f" {here.get(key)!r}",
                where=part.name,
                allowed="the settings that the state was learnt with",
                next_step=_NEXT,
            )
        return cls(part.name, state)

    def array(self, name: str, dtype: type[S], *shape: int | None) -> NDArray[S]:
        """An array of the state.

        Args:
            name: Its name.
            dtype: What its numbers must be.
            shape: Its length in each direction; None where any will do.

        Raises:
            BadInput: There is none, or it has another shape or type.
        """
        if name not in self.state.arrays:
            raise self.damaged(f'it has no array "{name}"')
        array = np.asarray(self.state.arrays[name])
        fits = len(shape) == array.ndim and all(
            wanted in (None, n) for wanted, n in zip(shape, array.shape, strict=True)
        )
        if not fits or array.dtype != np.dtype(dtype):
            wanted = ", ".join("any" if n is None else str(n) for n in shape)
            raise self.damaged(
                f'its array "{name}" is {array.dtype} {list(array.shape)} and should be'
                f" {np.dtype(dtype)} [{wanted}]"
            )
        return array

    def fact(self, name: str, kind: type[T]) -> T:
        """A fact of the state, as the type that was written.

        Raises:
            BadInput: There is none, or it is something else.
        """
        from pydantic import ValidationError

        if name not in self.state.facts:
            raise self.damaged(f'it does not say "{name}"')
        try:
            return cast(T, _adapter(cast(Hashable, kind)).validate_python(self.state.facts[name]))
        except ValidationError as cause:
            raise self.damaged(f'what it says of "{name}" is no {kind}') from cause

    def arrays(self, name: str, dtype: type[S], ndim: int) -> list[NDArray[S]]:
        """What `several` packed, each C-contiguous.

        Raises:
            BadInput: It is not there, or is not whole.
        """
        shapes = self.array(f"{name}_shapes", np.int64, None, ndim)
        values = self.array(name, dtype, None)
        sizes = np.prod(shapes, axis=1, dtype=np.int64)
        if (shapes < 0).any() or int(sizes.sum()) != len(values):
            raise self.damaged(f'its array "{name}" does not have the lengths that it names')
        parts = np.split(values, np.cumsum(sizes)[:-1]) if len(shapes) else []
        return [part.reshape(shape) for part, shape in zip(parts, shapes.tolist(), strict=True)]

    def texts(self, name: str) -> tuple[str, ...]:
        """What `texts` packed.

        Raises:
            BadInput: It is not there, or is not whole.
        """
        ends = self.array(f"{name}_ends", np.int64, None)
        data = self.array(name, np.uint8, None).tobytes()
        starts = np.concatenate([[0], ends[:-1]]) if len(ends) else ends
        if (ends < starts).any() or (int(ends[-1]) if len(ends) else 0) != len(data):
            raise self.damaged(f'its texts "{name}" do not have the lengths that it names')
        try:
            return tuple(
                data[start:end].decode("utf-8", "surrogatepass")
                for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
            )
        except UnicodeDecodeError as cause:
            raise self.damaged(f'its texts "{name}" are not UTF-8') from cause

    def inside(self, prefix: str) -> Artefact:
        """The state of a part inside this one, that `nested` packed.

        Raises:
            BadInput: There is none.
        """
        start = f"{prefix}."
        arrays = {
            name.removeprefix(start): array
            for name, array in self.state.arrays.items()
            if name.startswith(start)
        }
        return Artefact(arrays, self.fact(prefix, dict[str, Any]))

    def damaged(self, what: str) -> BadInput:
        """The error for a state that is not whole: `what` is wrong with it."""
        return BadInput(f"the state cannot be used: {what}", where=self.part, next_step=_NEXT)


def several(
    name: str, arrays: Sequence[NDArray[Any]], dtype: type[Any], ndim: int
) -> Mapping[str, NDArray[Any]]:
    """Arrays of one type and several shapes, as two arrays of a state: few files, whatever their
    number.
    """
    shapes = np.array([a.shape for a in arrays], np.int64).reshape(len(arrays), ndim)
    flat = [np.ravel(a).astype(dtype, copy=False) for a in arrays]
    return {
        name: np.concatenate(flat) if flat else np.zeros(0, dtype),
        f"{name}_shapes": shapes,
    }


def nested(prefix: str, state: Artefact) -> tuple[Mapping[str, NDArray[Any]], Mapping[str, Any]]:
    """Arrays and facts with which the state of a part holds that of a part inside it."""
    arrays = {f"{prefix}.{name}": array for name, array in state.arrays.items()}
    return arrays, {prefix: dict(state.facts)}


def texts(name: str, values: Sequence[str]) -> Mapping[str, NDArray[Any]]:
    """Texts of any length, as two arrays of a state: their UTF-8 bytes and where each ends."""
    data = [value.encode("utf-8", "surrogatepass") for value in values]
    ends = np.cumsum(np.fromiter(map(len, data), np.int64, len(data)), dtype=np.int64)
    return {name: np.frombuffer(b"".join(data), np.uint8), f"{name}_ends": ends}


def _plain(value: Any) -> Any:
    """A value as JSON gives it back, so that tuples and lists are the same."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value


@functools.cache
def _adapter(kind: Hashable) -> Any:
    # pydantic is imported late because `import palate` must stay quick.
    from pydantic import TypeAdapter

    return TypeAdapter(cast(Any, kind))
