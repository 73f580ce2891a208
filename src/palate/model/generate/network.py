"""How a generator reads: a history and the list that goes on from it are one sequence, of which the
next item is expected.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np

from palate.gradient.engine import Parameters, Tensor, constant, normal, tensor, torch_library
from palate.model.generate.settings import GeneratorSettings
from palate.model.neural import layers
from palate.model.neural.sequences import Padded


class Begun(Protocol):
    """Lists that have begun, r for each of n cases, as a reader remembers them."""

    @property
    def expected(self) -> Tensor:
        """float32 [n, r, width], what is expected next."""
        ...

    def repeated(self, times: int) -> Self:
        """Each list so many times, one after the other."""
        ...

    def beside(self, others: Any) -> Self:
        """These lists and others of the same cases and length."""
        ...


class Reader(Protocol):
    """Reads sequences, whole ones or item by item."""

    def hidden(self, embedded: Tensor, batch: Padded, rng: Any) -> Tensor:
        """float32 [n, length, width], what is expected after each event.

        Args:
            embedded: float32 [n, length, width], vectors of the events.
            batch: The events; padding comes last.
            rng: Torch generator of the dropout; None when not training.
        """
        ...

    def start(self, embedded: Tensor, batch: Padded) -> Begun:
        """One empty list after each history; after an empty one zeros are expected."""
        ...

    def extended(self, begun: Any, vectors: Tensor) -> Begun:
        """The lists, each with one item more, of `vectors` [n, r, width]."""
        ...


def reader(settings: GeneratorSettings, p: Parameters) -> Reader:
    """The reader that the settings name, with these parameters."""
    return LstmReader(settings, p) if settings.reader == "lstm" else AttentionReader(settings, p)


def new_parameters(settings: GeneratorSettings, rng: Any) -> Parameters:
    """First values of everything but the items."""
    d = settings.width
    last = layers.new_norm("read.last", d)
    if settings.reader == "lstm":
        return last | new_lstm("read.lstm", d, d, rng)
    position = normal((settings.window + settings.length, d), 0.02, rng)
    return last | {"read.position": position} | layers.new_block("read.block", d, rng)


@dataclass(frozen=True, eq=False)
class LstmBegun:
    """What an LSTM remembers.

    Attributes:
        expected: float32 [n, r, width].
        h: float32 [n, r, width], its output.
        c: float32 [n, r, width], its cell.
    """

    expected: Tensor
    h: Tensor
    c: Tensor

    def repeated(self, times: int) -> LstmBegun:
        """See `Begun`."""
        return LstmBegun(*(x.repeat_interleave(times, 1) for x in (self.expected, self.h, self.c)))

    def beside(self, others: LstmBegun) -> LstmBegun:
        """See `Begun`."""
        cat = torch_library().cat
        pairs = ((self.expected, others.expected), (self.h, others.h), (self.c, others.c))
        return LstmBegun(*(cat(pair, 1) for pair in pairs))


@dataclass(frozen=True, eq=False)
class LstmReader:
    """An LSTM over the sequence: quick to go on with, so roll-outs cost little.

    Hochreiter & Schmidhuber, Long short-term memory, Neural Computation 1997; for histories Hidasi
    et al., Session-based recommendations with recurrent neural networks, ICLR 2016.
    """

    settings: GeneratorSettings
    p: Parameters

    def hidden(self, embedded: Tensor, batch: Padded, rng: Any) -> Tensor:
        """See `Reader`."""
        x = layers.dropout(embedded * self.settings.width**0.5, self.settings.dropout, rng)
        return layers.norm(self.p, "read.last", lstm(self.p, "read.lstm", x))

    def start(self, embedded: Tensor, batch: Padded) -> LstmBegun:
        """See `Reader`."""
        torch, known = torch_library(), _known(batch)
        # packed, so that padding does not go through the cells
        packed = torch.nn.utils.rnn.pack_padded_sequence(
            embedded * self.settings.width**0.5,
            torch.from_numpy(np.maximum(batch.real.sum(axis=1, dtype=np.int64), 1)),
            batch_first=True,
            enforce_sorted=False,
        )
        weights = lstm_weights(self.p, "read.lstm")
        zeros = torch.zeros((1, len(embedded), self.settings.width))
        _, *last = torch.lstm(
            packed.data, packed.batch_sizes, (zeros, zeros), weights, True, 1, 0.0, False, False
        )
        h, c = (x[0][packed.unsorted_indices] * known for x in last)
        expected = layers.norm(self.p, "read.last", h) * known
        return LstmBegun(expected[:, None], h[:, None], c[:, None])

    def extended(self, begun: LstmBegun, vectors: Tensor) -> LstmBegun:
        """See `Reader`."""
        n, r, d = vectors.shape
        x = (vectors * d**0.5).reshape(n * r, d)
        before = (begun.h.reshape(n * r, d), begun.c.reshape(n * r, d))
        h, c = torch_library().lstm_cell(x, before, *lstm_weights(self.p, "read.lstm"))
        h, c = h.view(n, r, d), c.view(n, r, d)
        return LstmBegun(layers.norm(self.p, "read.last", h), h, c)


@dataclass(frozen=True, eq=False)
class AttentionBegun:
    """What self-attention looks back at: the history, which all lists of a case share, and their
    own items.

    Attributes:
        expected: float32 [n, r, width].
        keys: float32 [n, length, width], of the history.
        values: float32 [n, length, width], of the history.
        closed: bool [n, 1, length], where the history is padding.
        n_before: int64 [n], events of the history.
        own_keys: float32 [n, r, items so far, width].
        own_values: float32 [n, r, items so far, width].
    """

    expected: Tensor
    keys: Tensor
    values: Tensor
    closed: Tensor
    n_before: Tensor
    own_keys: Tensor
    own_values: Tensor

    def repeated(self, times: int) -> AttentionBegun:
        """See `Begun`."""
        own = (self.expected, self.own_keys, self.own_values)
        return self._with(*(x.repeat_interleave(times, 1) for x in own))

    def beside(self, others: AttentionBegun) -> AttentionBegun:
        """See `Begun`."""
        cat = torch_library().cat
        return self._with(
            cat([self.expected, others.expected], 1),
            cat([self.own_keys, others.own_keys], 1),
            cat([self.own_values, others.own_values], 1),
        )

    def _with(self, expected: Tensor, own_keys: Tensor, own_values: Tensor) -> AttentionBegun:
        return replace(self, expected=expected, own_keys=own_keys, own_values=own_values)


@dataclass(frozen=True, eq=False)
class AttentionReader:
    """One layer of causal self-attention over the sequence, as SASRec has it.

    Keys and values of what was read are kept, so that one more item costs one row of attention.

    Kang & McAuley, Self-attentive sequential recommendation, ICDM 2018.
    """

    settings: GeneratorSettings
    p: Parameters

    def hidden(self, embedded: Tensor, batch: Padded, rng: Any) -> Tensor:
        """See `Reader`."""
        x = layers.dropout(self._placed(embedded), self.settings.dropout, rng)
        return self._read(x, rng)

    def start(self, embedded: Tensor, batch: Padded) -> AttentionBegun:
        """See `Reader`."""
        torch, x = torch_library(), self._placed(embedded)
        n_before = torch.from_numpy(batch.real.sum(axis=1, dtype=np.int64))
        newest = self._read(x, None)[torch.arange(len(x)), (n_before - 1).clamp_min(0)]
        none = x.new_zeros((len(x), 1, 0, x.shape[2]))
        return AttentionBegun(
            (newest * _known(batch))[:, None],
            layers.linear(self.p, "read.block.key", x),
            layers.linear(self.p, "read.block.value", x),
            ~tensor(batch.real)[:, None],
            n_before,
            none,
            none,
        )

    def extended(self, begun: AttentionBegun, vectors: Tensor) -> AttentionBegun:
        """See `Reader`."""
        torch, p = torch_library(), self.p
        d = vectors.shape[2]
        position = p["read.position"][begun.n_before + begun.own_keys.shape[2]]
        x = vectors * d**0.5 + position[:, None]
        keys, values = (
            torch.cat([before, layers.linear(p, f"read.block.{part}", x)[:, :, None]], 2)
            for part, before in (("key", begun.own_keys), ("value", begun.own_values))
        )
        normed = layers.norm(p, "read.block.before", x)
        query = layers.linear(p, "read.block.query", normed)
        back = (query @ begun.keys.transpose(1, 2)).masked_fill(begun.closed, -torch.inf)
        own = (keys @ query[..., None])[..., 0]
        weights = torch.softmax(torch.cat([back, own], 2) / math.sqrt(d), 2)
        split = begun.keys.shape[1]
        found = weights[:, :, :split] @ begun.values
        found = found + (weights[:, :, None, split:] @ values)[:, :, 0]
        x = layers.after_attention(p, "read.block", normed, found, 0.0, None)
        return replace(
            begun,
            expected=layers.norm(p, "read.last", x),
            own_keys=keys,
            own_values=values,
        )

    def _placed(self, embedded: Tensor) -> Tensor:
        # vectors of items start small, so that all start alike; as inputs they are raised
        position = self.p["read.position"][: embedded.shape[1]]
        return embedded * self.settings.width**0.5 + position

    def _read(self, x: Tensor, rng: Any) -> Tensor:
        x = layers.block(self.p, "read.block", x, 1, self.settings.dropout, rng)
        return layers.norm(self.p, "read.last", x)


def _known(batch: Padded) -> Tensor:
    """float32 [n, 1], 0 for an empty history."""
    return tensor(np.asarray(batch.real.any(axis=1), np.float32))[:, None]


def new_lstm(name: str, inputs: int, width: int, rng: Any) -> Parameters:
    """Parameters of `lstm`: its four gates side by side."""
    deviation = float(np.sqrt(1.0 / width)) / 2
    return {
        f"{name}.inputs": normal((4 * width, inputs), deviation, rng),
        f"{name}.before": normal((4 * width, width), deviation, rng),
        f"{name}.bias": constant((4 * width,), 0.0),
    }


def lstm(p: Parameters, name: str, x: Tensor) -> Tensor:
    """`x` [n, length, inputs] -> [n, length, width], from empty cells on."""
    torch, weights = torch_library(), lstm_weights(p, name)
    zeros = torch.zeros((1, x.shape[0], weights[1].shape[1]))
    # one layer, with biases, one direction, rows first
    found = torch.lstm(x, (zeros, zeros), weights, True, 1, 0.0, False, False, True)
    return found[0]


def lstm_weights(p: Parameters, name: str) -> list[Tensor]:
    """The four tensors that torch wants; its second bias adds nothing."""
    bias = p[f"{name}.bias"]
    return [p[f"{name}.inputs"], p[f"{name}.before"], bias, torch_library().zeros_like(bias)]
