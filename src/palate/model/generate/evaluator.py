"""What a list brings, learnt from what people took of lists that they were not shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from palate import ranks
from palate.arrays import Doubles, Longs, Ragged
from palate.errors import Refused
from palate.gradient.engine import Parameters, Tensor, tensor, torch_library, torch_rng
from palate.model.generate.choices import sampled
from palate.model.generate.likelihood import Pretrained
from palate.model.generate.network import lstm, new_lstm
from palate.model.generate.pretrained import Network
from palate.model.generate.retrieved import Retrieved, chunks
from palate.model.neural import layers
from palate.seeding import generator
from palate.stages import Scorer

FEWEST = 10
"""Cases that an evaluator needs."""
WIDTH = 32
BATCH = 64
EXTRAS = 4
"""Numbers that are read of each item beside its vector."""
SAMPLES = 4
"""Lists of each case that are sampled to learn from."""


@dataclass(frozen=True, eq=False)
class EvaluatedCases:
    """Cases with what was wanted, which an evaluator learns from.

    Attributes:
        histories: int32 [n], items, oldest first.
        targets: int32 [n], what was wanted.
        found: Candidates.
    """

    histories: Ragged
    targets: Ragged
    found: Retrieved

    def __len__(self) -> int:
        return len(self.histories)

    def take(self, rows: Longs) -> EvaluatedCases:
        """Some of them."""
        return EvaluatedCases(
            self.histories.take(rows), self.targets.take(rows), self.found.take(rows)
        )

    def hits(self, chosen: Longs) -> Any:
        """bool [n, r, length], where lists of candidates [n, r, length] hold what was wanted."""
        n_items = int(max(self.found.items.max(initial=0), self.targets.values.max(initial=0))) + 1
        wanted = self.targets.mask(n_items)
        case = np.arange(len(self))[:, None, None]
        items = self.found.items[case, chosen]
        return wanted[case, np.maximum(items, 0)] & (items >= 0)


class Evaluator:
    """Expected DCG of whole lists: an LSTM reads the list from the top, and says at each position
    how likely its item is wanted, given those above it.

    It reads each item's vector, what the network of the likelihood says of it and of the history,
    what the retriever says of it, and how like it is to the items above: what is said stays as it
    is, so that few cases are enough.

    Args:
        network: Of the likelihood; left as it is.
        parameters: What was learnt.
    """

    def __init__(self, network: Network, parameters: Parameters) -> None:
        self.network, self.parameters = network, parameters

    @classmethod
    def learnt(
        cls,
        network: Network,
        cases: EvaluatedCases,
        chosen: Sequence[Longs],
        steps: int,
        seed: int,
    ) -> Self:
        """Learn from lists of several makers for the same cases.

        Args:
            network: Of the likelihood.
            cases: Cases that no maker learnt from.
            chosen: int64 [n_cases, length] of each maker, numbers of candidates.
            steps: Batches that it learns from.
            seed: Of the first values and the order.

        Raises:
            Refused: There are too few cases.
        """
        if len(cases) < FEWEST:
            raise Refused(
                f"an evaluator of lists needs {FEWEST} validation cases beside those that stop"
                f" training, and there are {len(cases)}",
                where="split",
                next_step="choose a split that keeps more validation cases",
            )
        rng = torch_rng(seed, "evaluator", "first values")
        inputs = network.settings.width + EXTRAS
        parameters = new_lstm("list", inputs, WIDTH, rng)
        parameters |= layers.new_linear("wanted", WIDTH, 1, rng)
        parameters |= layers.new_linear("direct", EXTRAS, 1, rng)
        made = cls(network, parameters)
        torch, lists = torch_library(), np.stack(chosen, axis=1)
        optimiser = torch.optim.AdamW(list(parameters.values()), lr=3e-3, weight_decay=1e-1)
        parts = [(rows, cases.take(rows)) for rows in chunks(len(cases))]
        # of a network that stays as it is: read once, and learnt from many times
        x = torch.cat([made._inputs(part, lists[rows]) for rows, part in parts])
        hits = np.concatenate([part.hits(lists[rows]) for rows, part in parts])
        wanted = tensor(hits.astype(np.float32))
        for rows in _batches(len(cases), steps, seed):
            logits = made._logits(x[rows])
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, wanted[rows])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
        made.parameters = {name: value.detach() for name, value in parameters.items()}
        return made

    def values(self, histories: Ragged, found: Retrieved, chosen: Longs) -> Doubles:
        """float64 [n, r], expected DCG of lists of candidates [n, r, length]."""
        torch, length = torch_library(), chosen.shape[2]
        cases = EvaluatedCases(histories, histories, found)
        parts = [np.empty((0, chosen.shape[1]))]
        for rows in chunks(len(chosen)):
            part = cases.take(rows)
            with torch.no_grad():
                logits = self._logits(self._inputs(part, chosen[rows]))
            there = np.arange(length) < part.found.there.sum(axis=1)[:, None, None]
            wanted = np.where(there, torch.sigmoid(logits).numpy(), 0)
            parts.append((wanted * ranks.discounts(length)).sum(axis=2))
        return np.concatenate(parts)

    def _logits(self, x: Tensor) -> Tensor:
        """float32 [n, r, length], log-odds that each item of a list is wanted."""
        n, r, length, inputs = x.shape
        flat = x.reshape(n * r, length, inputs)
        wanted = layers.linear(self.parameters, "wanted", lstm(self.parameters, "list", flat))
        direct = layers.linear(self.parameters, "direct", flat[:, :, -EXTRAS:])
        return (wanted + direct).view(n, r, length)

    def _inputs(self, cases: EvaluatedCases, chosen: Longs) -> Tensor:
        """float32 [n, r, length, width + EXTRAS], what is read of lists [n, r, length]."""
        torch, net = torch_library(), self.network
        with torch.no_grad():
            choices, index = net.choices(cases.histories, cases.found), tensor(chosen)
            rows = torch.arange(len(chosen))[:, None, None]
            vectors = choices.vectors[rows, index]
            of_history = (vectors * choices.begun.expected[:, :, None]).sum(3)
            after_list = choices.logits_along(index)
            said = tensor(cases.found.said)[rows, index]
            unit = torch.nn.functional.normalize(vectors, dim=3)
            nearest = (unit @ unit.transpose(2, 3)).tril(-1).amax(3)
            extras = torch.stack([of_history, after_list, said, nearest], 3)
            return torch.cat([vectors * net.settings.width**0.5, extras], 3)


def _batches(n: int, steps: int, seed: int) -> Iterator[Longs]:
    """So many batches of n cases, which come again in another order when all were there."""
    epoch, left = 0, np.empty(0, np.int64)
    for _ in range(steps):
        if not len(left):
            left = generator(seed, "evaluator", epoch).permutation(n)
            epoch += 1
        yield left[:BATCH]
        left = left[BATCH:]


def evaluated_cases(member: Scorer, start: Pretrained, most: int) -> EvaluatedCases:
    """Validation cases that neither stopped training nor chose a weight, at most so many."""
    cases = start.held.others
    some = cases.take(np.arange(min(len(cases), most)))
    m = start.network.settings.candidates
    found = Retrieved.of(member, some.histories, some.seen, m)
    return EvaluatedCases(some.histories.items, some.targets, found)


def lists_to_learn_from(network: Network, cases: EvaluatedCases, seed: int) -> list[Longs]:
    """int64 [n_cases, length] each: the retriever's best, the likeliest, and some samples."""
    torch, length = torch_library(), network.settings.length
    parts: list[list[Longs]] = []
    pick = sampled(torch_rng(seed, "evaluator", "samples"), network.settings.temperature)
    for rows in chunks(len(cases)):
        part = cases.take(rows)
        with torch.no_grad():
            choices = network.choices(part.histories, part.found)
            samples = choices.finished(choices.start(SAMPLES), length, pick).chosen.numpy()
            likeliest = choices.likeliest(length).numpy()
        in_order = np.broadcast_to(np.arange(length), likeliest.shape)
        parts.append([in_order, likeliest, *np.moveaxis(samples, 1, 0)])
    return [np.concatenate(each) for each in zip(*parts, strict=True)]
