"""A method is abstract or final: no class of palate overrides what another of its classes does."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any, Protocol

import palate


def classes() -> Iterator[type[Any]]:
    """Every class that palate defines, protocols left out."""
    for module in pkgutil.walk_packages(palate.__path__, "palate."):
        if module.name.endswith("__main__"):
            continue
        for member in vars(importlib.import_module(module.name)).values():
            if inspect.isclass(member) and member.__module__ == module.name:
                yield member


def is_protocol(kind: type[Any]) -> bool:
    """Whether a class only says what others have to do."""
    return bool(getattr(kind, "_is_protocol", False))


def overridden(kind: type[Any], package: str) -> list[str]:
    """Methods of `kind` that a class above it, of the same package, has done already."""
    found = []
    for name, member in vars(kind).items():
        method = inspect.isfunction(member) or isinstance(
            member, (property, classmethod, staticmethod)
        )
        if not method or name.startswith("__"):
            continue
        above = [
            b for b in kind.__mro__[1:] if b.__module__.startswith(package) and name in vars(b)
        ]
        concrete = [
            b
            for b in above[:1]
            if not is_protocol(b) and not getattr(vars(b)[name], "__isabstractmethod__", False)
        ]
        found += [
            f"{kind.__module__}.{kind.__qualname__}.{name} over {b.__name__}" for b in concrete
        ]
    return found


def test_no_concrete_method_is_overridden() -> None:
    found = [
        line for kind in classes() if not is_protocol(kind) for line in overridden(kind, "palate")
    ]
    assert found == [], "wrap the class instead, or make the method above abstract"


class Says(Protocol):
    """What has to be done."""

    def word(self) -> str:
        """A word."""
        ...


class First(Says):
    """Does it."""

    def word(self) -> str:
        """A word."""
        return "first"


class Second(First):
    """Does it again, which is the fault."""

    def word(self) -> str:
        """Another word."""
        return "second"


def test_an_overridden_method_is_found_and_a_protocol_is_none() -> None:
    assert overridden(First, __name__) == []
    assert overridden(Second, __name__) == [f"{__name__}.Second.word over First"]
