"""Run chunks of work, here, in other processes, or on a cluster; the results come back in the order
of the chunks.

A function handed to `map` must be a module-level one (it may travel to another process) and depend
on its chunk alone, so that every executor gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, Protocol, Self, TypeAlias, TypeVar

from palate.errors import BadRecipe
from palate.execute.inline import Inline
from palate.execute.on_ray import OnRay
from palate.execute.processes import Processes, usable_cores
from palate.execute.threads import on_all_cores, one_thread_each

__all__ = [
    "Executor",
    "Inline",
    "Kind",
    "OnRay",
    "Processes",
    "executor",
    "on_all_cores",
    "one_thread_each",
    "usable_cores",
]

C = TypeVar("C")
R = TypeVar("R")

Kind: TypeAlias = Literal["inline", "processes", "ray"]
"""Where chunks run: in this process, in worker processes of this machine, or on a Ray cluster."""


class Executor(Protocol):
    """What all executors promise.

    The results of `function` over `chunks`, in order; the first error in that order is raised as it
    was; chunks are taken from the iterable as they are needed, so that neither all chunks nor all
    results are ever held at once.

    Workers (or a cluster that is started here) live as long as one `map`. Inside `with executor:`
    they are started by the first `map` and kept for those to come, with whatever they have loaded;
    `with` may be nested, and the outermost one ends them. An executor is used by one thread.
    """

    @property
    def threads(self) -> int:
        """Threads that numpy and scipy may use in the process that holds this executor; see
        `on_all_cores`.
        """
        ...

    def map(self, function: Callable[[C], R], chunks: Iterable[C]) -> Iterator[R]:
        """Yield `function(chunk)` for every chunk."""
        ...

    def __enter__(self) -> Self:
        """Keep the workers from now on."""
        ...

    def __exit__(self, *error: object) -> None:
        """Let them go."""
        ...


def executor(kind: Kind = "inline", workers: int = 0, address: str = "") -> Executor:
    """The executor that a recipe names.

    Args:
        kind: Where chunks run.
        workers: Worker processes, or chunks that run at a time on a cluster; 0: one for each core.
        address: Of a Ray cluster that runs already, `"auto"` for the one of this machine; empty:
            one is started.

    Raises:
        BadRecipe: There is no such executor, no such number of workers, or an address for one that
            takes none.
    """
    if workers < 0:
        raise BadRecipe(
            f"{workers} workers", where="execute.workers", allowed="0 (one for each core) or more"
        )
    if address and kind != "ray":
        raise BadRecipe(
            f'"{kind}" takes no address',
            where="execute.address",
            next_step='write kind = "ray", or leave it out',
        )
    if kind == "inline":
        return Inline()
    if kind == "processes":
        return Processes(workers)
    if kind == "ray":
        return OnRay(address, workers)
    raise BadRecipe(
        f'there is no executor "{kind}"', where="execute.kind", allowed="inline, processes, ray"
    )
