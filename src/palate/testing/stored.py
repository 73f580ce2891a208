"""States of fitted parts as they come back from a folder: only arrays and plain facts survive."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from palate import store
from palate.errors import PalateError
from palate.store import Artefact
from palate.tables import Block, FeatureTable, Training, Vocabulary


def stored(state: Artefact, folder: Path) -> Artefact:
    """The state, written into a folder and read from it."""
    json.dumps(dict(state.facts), allow_nan=False)
    store.write(folder, state.arrays, state.facts)
    found = store.read(folder)
    assert found is not None
    return found


def grown(block: Block, n_more: int) -> Block:
    """The block with new items behind those that it has: these again, upside down."""
    n = len(block.present)
    order = np.concatenate([np.arange(n), n - 1 - np.arange(n_more) % n])
    return replace(block, matrix=block.matrix[order], present=block.present[order])


def with_more_items(training: Training, n_more: int) -> Training:
    """The same log of a catalogue with `n_more` new items without events."""
    items = Vocabulary.of([*training.log.items.ids, *(f"new{i}" for i in range(n_more))])
    blocks = {name: grown(b, n_more) for name, b in training.features.blocks.items()}
    log = replace(training.log, items=items)
    return replace(training, log=log, features=FeatureTable(items, blocks))


def size_of(state: Artefact) -> int:
    """Bytes of a state's arrays and facts."""
    facts = len(json.dumps(dict(state.facts)))
    return facts + sum(np.asarray(array).nbytes for array in state.arrays.values())


def refuses_other_states(load: Callable[[Artefact], object], state: Artefact) -> None:
    """Loading another part's state, one with other settings, or one that is not whole is an error
    of ours that says so.
    """
    for what, spoilt in _spoilt(state):
        refused = False
        try:
            load(spoilt)
        except PalateError:
            refused = True
        assert refused, f"a state with {what} was taken up without a word"


def _spoilt(state: Artefact) -> Iterator[tuple[str, Artefact]]:
    facts: dict[str, Any] = dict(state.facts)
    yield "nothing in it", Artefact({}, {})
    yield "another part's name", replace(state, facts={**facts, "part": "other.part.v1"})
    for name, array in state.arrays.items():
        rest = {key: value for key, value in state.arrays.items() if key != name}
        yield f"no {name}", replace(state, arrays=rest)
        flat = np.asarray(array).astype(np.complex64)
        yield f"another type of {name}", replace(state, arrays={**rest, name: flat})
    for name in facts:
        if name != "settings":
            rest_of_facts = {key: value for key, value in facts.items() if key != name}
            yield f"no fact {name}", replace(state, facts=rest_of_facts)
