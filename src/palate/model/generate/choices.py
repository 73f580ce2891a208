"""Item by item through the candidates: the likeliest list, sampled lists, and lists that are
finished several times from each item on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from palate.gradient.engine import Tensor, torch_library
from palate.model.generate.network import Begun, Reader

Pick = Callable[[Tensor], Tensor]
"""Logits [n, r, m] -> int64 [n, r], the candidate that each list goes on with."""


@dataclass(frozen=True, eq=False)
class Choices:
    """Cases and their candidates, as a network sees them.

    Attributes:
        reader: Goes on reading.
        begun: What it remembers of the histories; one empty list each.
        vectors: float32 [n, m, width], of the candidates.
        prior: float32 [n, m], what is added to their logits; -inf where there is no candidate.
        follow: Weight of what the list so far changes about what is expected.
    """

    reader: Reader
    begun: Begun
    vectors: Tensor
    prior: Tensor
    follow: float = 1.0

    def start(self, r: int = 1) -> Lists:
        """r empty lists for each case."""
        n, m, _ = self.vectors.shape
        torch = torch_library()
        chosen = torch.zeros((n, r, 0), dtype=torch.long)
        return Lists(chosen, self.prior[:, None].expand(n, r, m), self.begun.repeated(r))

    def logits(self, lists: Lists) -> Tensor:
        """float32 [n, r, m], -inf for candidates that a list has; zeros where it has them all."""
        expected, first = lists.begun.expected, self.begun.expected
        if self.follow != 1:
            expected = first + self.follow * (expected - first)
        found = expected @ self.vectors.transpose(1, 2) + lists.open
        return found.masked_fill(~lists.goes_on()[:, :, None], 0.0)

    def extended(self, lists: Lists, picked: Tensor) -> Lists:
        """The lists, each with the candidate `picked` int64 [n, r]."""
        torch = torch_library()
        index = picked[:, :, None].expand(-1, -1, self.vectors.shape[2])
        begun = self.reader.extended(lists.begun, self.vectors.gather(1, index))
        left = lists.open.scatter(2, picked[:, :, None], -torch.inf)
        return Lists(torch.cat([lists.chosen, picked[:, :, None]], 2), left, begun)

    def finished(self, lists: Lists, length: int, pick: Pick) -> Lists:
        """The lists, gone on with until they have `length` items."""
        while lists.chosen.shape[2] < length:
            lists = self.extended(lists, pick(self.logits(lists)))
        return lists

    def likeliest(self, length: int) -> Tensor:
        """int64 [n, length], the best candidate at each position, given those above it."""
        return self.finished(self.start(), length, best).chosen[:, 0]

    def one_by_one(self, length: int) -> Tensor:
        """int64 [n, length], the best candidates for the first position: what the same network
        lists if it does not look at the list.
        """
        logits = self.logits(self.start())[:, 0]
        return logits.argsort(dim=1, descending=True, stable=True)[:, :length]

    def with_noise(self, length: int, noise: Tensor) -> Tensor:
        """int64 [n, r, length], samples by the same noise for all cases.

        Args:
            length: Of each list.
            noise: float32 [r, length, m], added to the logits.
        """
        lists = self.start(len(noise))
        for position in range(length):
            lists = self.extended(lists, best(self.logits(lists) + noise[None, :, position]))
        return lists.chosen

    def logits_along(self, chosen: Tensor) -> Tensor:
        """float32 [n, r, length], of each item of given lists [n, r, length], knowing those above
        it.
        """
        lists, said = self.start(chosen.shape[1]), []
        for position in range(chosen.shape[2]):
            index = chosen[:, :, position]
            said.append(self.logits(lists).gather(2, index[:, :, None])[:, :, 0])
            lists = self.extended(lists, index)
        return torch_library().stack(said, 2)

    def log_probabilities(self, chosen: Tensor, temperature: float) -> Tensor:
        """float32 [n, r, length, m], of every candidate at each position of given lists.

        -inf for candidates that stand above; gradients flow.

        Args:
            chosen: int64 [n, r, length], candidates.
            temperature: What logits are divided by.
        """
        torch = torch_library()
        lists, steps = self.start(chosen.shape[1]), []
        for position in range(chosen.shape[2]):
            steps.append(torch.log_softmax(self.logits(lists) / temperature, 2))
            lists = self.extended(lists, chosen[:, :, position])
        return torch.stack(steps, 2)


@dataclass(frozen=True, eq=False)
class Lists:
    """Lists that have begun, r for each of n cases.

    Attributes:
        chosen: int64 [n, r, length so far], numbers of candidates.
        open: float32 [n, r, m], the prior; -inf for what is listed.
        begun: What the network knows of them.
    """

    chosen: Tensor
    open: Tensor
    begun: Begun

    def goes_on(self) -> Tensor:
        """bool [n, r], whether a candidate is left."""
        return (self.open > -torch_library().inf).any(2)

    def repeated(self, times: int) -> Lists:
        """Each list so many times, one after the other."""
        return Lists(
            self.chosen.repeat_interleave(times, 1),
            self.open.repeat_interleave(times, 1),
            self.begun.repeated(times),
        )

    def beside(self, others: Lists) -> Lists:
        """These lists and others of the same cases and length."""
        cat = torch_library().cat
        return Lists(
            cat([self.chosen, others.chosen], 1),
            cat([self.open, others.open], 1),
            self.begun.beside(others.begun),
        )


def best(logits: Tensor) -> Tensor:
    """int64 [n, r], the likeliest candidate; of tied ones the first."""
    return logits.argmax(2)


def sampled(rng: Any, temperature: float) -> Pick:
    """Draws candidates by their probability.

    Args:
        rng: Torch generator.
        temperature: What logits are divided by.
    """
    torch = torch_library()

    def pick(logits: Tensor) -> Tensor:
        # the largest of logits with Gumbel noise is a draw from their softmax
        noise = torch.empty(logits.shape).exponential_(generator=rng).clamp_min(1e-20)
        return (logits / temperature - noise.log()).argmax(2)

    return pick


def rolled_out(choices: Choices, chosen: Tensor, times: int, pick: Pick) -> Tensor:
    """int64 [n, length - 1, times, length], each list finished `times` times from every item on but
    the last.

    All that have begun go on together, so that it takes as many steps as one list.

    Args:
        choices: The cases.
        chosen: int64 [n, length], one list of each.
        times: Roll-outs of each beginning, >= 1.
        pick: How they go on.
    """
    n, length = chosen.shape
    own, rolling = choices.start(), None
    for position in range(length):
        if rolling is not None:
            rolling = choices.extended(rolling, pick(choices.logits(rolling)))
        own = choices.extended(own, chosen[:, position, None])
        if position < length - 1:
            fresh = own.repeated(times)
            rolling = fresh if rolling is None else rolling.beside(fresh)
    if rolling is None:
        return chosen.new_zeros((n, 0, times, length))
    return rolling.chosen.view(n, length - 1, times, length)
