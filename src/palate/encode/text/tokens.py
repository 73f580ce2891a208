"""Texts -> token numbers -> padded batches of about equal cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from palate.arrays import Longs, Ragged, Rows, flat_index, offsets_of
from palate.encode.pretrained import quiet
from palate.encode.text.weights import ModelFolder
from palate.errors import BadInput
from palate.optional import need

LongTexts: TypeAlias = Literal["truncate", "chunk"]
"""What becomes of a text with too many tokens: its end is cut off, or its pieces are encoded and
averaged."""

PAD_TO = 2
"""Batches are padded to a multiple of this, which is a function of the text's own length and
nothing else, so that a vector does not depend on which texts happened to share its batch (sums run
in blocks, and padding moves them). Multiples of 8 would cost 6 % more tokens on the texts of
catalogues; single steps would cost more shapes to prepare."""

_AT_ONCE = 10_000


@dataclass(frozen=True)
class Pieces:
    """Token numbers of some texts, a long text in several pieces.

    Attributes:
        tokens: Ragged int32 [n_pieces].
        owner: int64 [n_pieces], ascending: the text that each piece belongs to.
        n_texts: How many texts there are.
    """

    tokens: Ragged
    owner: Longs
    n_texts: int

    def text_lengths(self) -> Longs:
        """int64 [n_texts], tokens of each text."""
        lengths = np.bincount(self.owner, weights=self.tokens.lengths(), minlength=self.n_texts)
        return lengths.astype(np.int64)

    def of_texts(self, texts: Longs) -> tuple[Longs, Longs]:
        """Pieces of the given texts, text after text, and for each the place of its text in
        `texts`.
        """
        starts = np.searchsorted(self.owner, np.arange(self.n_texts + 1))
        pieces = flat_index(np.asarray(starts, np.int64), texts)
        return pieces, np.repeat(np.arange(len(texts)), np.diff(starts)[texts])


class Tokeniser:
    """The tokeniser of a model.

    Args:
        folder: The model.
        max_tokens: Longest piece, special tokens included.
        long_texts: What becomes of longer texts.

    Raises:
        BadInput: The folder has no tokeniser that transformers can load quickly.
    """

    def __init__(self, folder: ModelFolder, max_tokens: int, long_texts: LongTexts) -> None:
        self._tokeniser = _load(folder)
        self._long_texts = long_texts
        self.max_tokens = max_tokens
        pad = self._tokeniser.pad_token_id
        self.padding = int(pad) if pad is not None else 0

    def __call__(self, texts: Sequence[str]) -> Pieces:
        """Token numbers of the texts [n]."""
        values: list[Rows] = []
        lengths: list[Longs] = []
        owners: list[Longs] = []
        for start in range(0, len(texts), _AT_ONCE):
            ids, owner = self._some(texts[start : start + _AT_ONCE])
            lengths.append(np.fromiter(map(len, ids), np.int64, len(ids)))
            values.append(
                np.fromiter((i for row in ids for i in row), np.int32, int(lengths[-1].sum()))
            )
            owners.append(owner + start)
        tokens = Ragged(_joined(values).astype(np.int32), offsets_of(_joined(lengths)))
        return Pieces(tokens, _joined(owners).astype(np.int64), len(texts))

    def _some(self, texts: Sequence[str]) -> tuple[list[list[int]], Longs]:
        chunked = self._long_texts == "chunk"
        # A lone surrogate cannot be tokenised; everything else is left to the model's own rules.
        sound = [t.encode("utf-8", "replace").decode("utf-8") for t in texts]
        out = self._tokeniser(
            sound,
            truncation=True,
            max_length=self.max_tokens,
            return_attention_mask=False,
            return_token_type_ids=False,
            return_overflowing_tokens=chunked,
        )
        owner = out["overflow_to_sample_mapping"] if chunked else range(len(texts))
        return out["input_ids"], np.asarray(owner, np.int64)


def chunks(lengths: Longs, budget: int) -> Iterator[Longs]:
    """Places of texts with `lengths` [n] tokens, longest first, in chunks of at most `budget`
    tokens or one text.
    """
    order = np.argsort(-lengths, kind="stable")
    ends = np.cumsum(np.maximum(lengths[order], 1))
    start = 0
    while start < len(order):
        reach = budget + (ends[start - 1] if start else 0)
        stop = max(start + 1, int(np.searchsorted(ends, reach, side="right")))
        yield order[start:stop]
        start = stop


def batches(
    tokens: Ragged, pieces: Longs, budget: int, padding: int
) -> Iterator[tuple[Longs, Longs, Longs]]:
    """Padded batches of one shape each: (positions in `pieces`, token numbers [n, L], mask [n, L]),
    int64.

    Args:
        tokens: Token numbers of all pieces.
        pieces: Which of them, none of them empty.
        budget: Tokens of a batch, padding included; a longer piece is a batch of its own.
        padding: Token number of the padding.
    """
    lengths = tokens.lengths()[pieces]
    padded = -(-lengths // PAD_TO) * PAD_TO
    for width in np.unique(padded)[::-1]:
        same = np.flatnonzero(padded == width)
        rows = max(1, budget // int(width))
        for start in range(0, len(same), rows):
            positions = same[start : start + rows]
            yield positions, *_batch(tokens, pieces[positions], int(width), padding)


def _batch(tokens: Ragged, pieces: Longs, width: int, padding: int) -> tuple[Longs, Longs]:
    lengths = tokens.lengths()[pieces]
    mask = (np.arange(width) < lengths[:, None]).astype(np.int64)
    ids = np.full(mask.shape, padding, np.int64)
    ids[mask.astype(bool)] = tokens.values[flat_index(tokens.offsets, pieces)]
    return ids, mask


def _load(folder: ModelFolder) -> Any:
    transformers = need("transformers", extra="text", purpose="cut text into tokens")
    try:
        with quiet(transformers):
            tokeniser = transformers.AutoTokenizer.from_pretrained(
                folder.path, local_files_only=True
            )
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as cause:
        raise BadInput(
            f"transformers cannot load this tokeniser: {cause}",
            where=str(folder.path),
            next_step="use another model",
        ) from cause
    if not tokeniser.is_fast:
        raise BadInput(
            "this model has no quick tokeniser",
            where=str(folder.path),
            next_step="save one as tokenizer.json",
        )
    tokeniser.truncation_side = "right"
    return tokeniser


def _joined(parts: Sequence[Any]) -> Any:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)
