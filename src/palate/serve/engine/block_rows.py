"""Rows of a run's blocks for a catalogue that grew: those of the run as they are, and new items by
the encoders that were fitted then.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Final

import numpy as np
from scipy import sparse

from palate.arrays import dense
from palate.encode.fitted import FittedBlock, FusedOf
from palate.serve.engine.encoding import EncoderAway, Encoding
from palate.serve.engine.items import Items
from palate.tables import Block

_LOG: Final = logging.getLogger("palate.serve")


def rows_now(fitted: FittedBlock, items: Items, encoding: Encoding) -> tuple[Block, bool]:
    """The block of all items, and whether the new ones could be encoded.

    Where they could not (an endpoint is away or hangs, weights are missing) they have no content
    for now: they can be found by what people do, and the service goes on.

    Args:
        fitted: The block.
        items: The catalogue as it is now.
        encoding: How its encoder is asked.
    """
    if len(items.catalogue) == items.n_known:
        return fitted.block, True
    try:
        return encoding.ask(fitted.block.name, lambda: _extended(fitted, items)), True
    except EncoderAway as error:
        _LOG.warning("new items are not encoded: %s", error.what)
        return _without_content(fitted.block, len(items.catalogue)), False
    except Exception:  # whatever an encoder may raise: the service has to go on
        _LOG.exception("new items cannot be encoded for the block %s", fitted.block.name)
        return _without_content(fitted.block, len(items.catalogue)), False


def _extended(fitted: FittedBlock, items: Items) -> Block:
    if isinstance(fitted.parts.start, FusedOf):  # fuses what stands in its rows
        return fitted.extend(items.catalogue)
    new = fitted.extend(items.new())
    return _below(fitted.block, new)


def _below(known: Block, new: Block) -> Block:
    present = np.concatenate([known.present, new.present])
    if sparse.issparse(known.matrix):
        rows = [known.matrix, sparse.csr_matrix(new.matrix)]
        stacked = sparse.csr_matrix(sparse.vstack(rows), dtype=np.float32)
        return replace(known, matrix=stacked, present=present)
    return replace(known, matrix=np.concatenate([known.matrix, dense(new.matrix)]), present=present)


def _without_content(known: Block, n_items: int) -> Block:
    missing = n_items - len(known.present)
    zeros = np.zeros((missing, known.width), np.float32)
    return _below(known, replace(known, matrix=zeros, present=np.zeros(missing, np.bool_)))
