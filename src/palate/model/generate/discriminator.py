"""What tells lists that people made from generated ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from palate.arrays import Ragged, Rows
from palate.gradient.engine import Parameters, Tensor, tensor, torch_library, torch_rng
from palate.model.generate.likelihood import items_of_training
from palate.model.generate.network import lstm, new_lstm
from palate.model.generate.settings import GeneratorSettings
from palate.model.neural import layers
from palate.model.neural.sequences import padded
from palate.stages import FitContext
from palate.tables import Training

SMOOTHED = 0.9
"""What a list that somebody made counts as, in place of 1: a discriminator that is sure of itself
has nothing to say to a generator."""


class Discriminator:
    """The probability that somebody made a list, given the history: an LSTM reads the list item by
    item beside the mean of the history, and gives its mean verdict.

    It has item vectors of its own, so that a generator cannot change what it sees.

    Args:
        settings: Width, window, dropout and block.
        training: The training part.
        context: Its seed.
        rate: Learning rate of Adam.
        good_enough: It learns only while it is right less often than this.
    """

    def __init__(
        self,
        settings: GeneratorSettings,
        training: Training,
        context: FitContext,
        rate: float,
        good_enough: float,
    ) -> None:
        self.settings, self.good_enough = settings, good_enough
        first = torch_rng(context.seed, "discriminator", "first values")
        self.dropping = torch_rng(context.seed, "discriminator", "dropout")
        self.items = items_of_training(settings, training, first)
        d = settings.width
        self.parameters: Parameters = {
            **self.items.parameters,
            **new_lstm("list", 2 * d, d, first),
            **layers.new_linear("verdict", d, 1, first),
        }
        self.optimiser = torch_library().optim.AdamW(
            list(self.parameters.values()), lr=rate, weight_decay=1e-3
        )
        self.accuracy = 0.5

    def logits(self, histories: Ragged, lists: Rows, rng: Any = None) -> Tensor:
        """float32 [n * r], log-odds that somebody made each list, case by case.

        Args:
            histories: int32 [n_cases], items.
            lists: int32 [n_cases, r, length]; -1 where a list is shorter.
            rng: Torch generator of the dropout; None when not learning.
        """
        torch = torch_library()
        n, r, length = lists.shape
        batch = padded(histories, self.settings.window)
        every = np.concatenate([batch.items.ravel(), np.maximum(lists, 0).ravel()])
        rows, place = np.unique(every.astype(np.int64), return_inverse=True)
        vectors = self.items.vectors(tensor(rows))
        vectors = vectors[tensor(place.ravel())] * self.settings.width**0.5
        events = vectors[: batch.items.size].view(*batch.items.shape, -1)
        real = tensor(batch.real.astype(np.float32))[:, :, None]
        history = (events * real).sum(1) / real.sum(1).clamp_min(1)
        history = history.repeat_interleave(r, 0)[:, None, :].expand(-1, length, -1)
        listed = vectors[batch.items.size :].view(n * r, length, -1)
        x = layers.dropout(torch.cat([listed, history], 2), self.settings.dropout, rng)
        read = lstm(self.parameters, "list", x)
        said = layers.linear(self.parameters, "verdict", read)[:, :, 0]
        there = tensor((lists >= 0).reshape(n * r, length).astype(np.float32))
        return (said * there).sum(1) / there.sum(1).clamp_min(1)

    def probabilities(self, histories: Ragged, lists: Rows) -> Any:
        """float32 [n_cases, r], that somebody made each list [n_cases, r, length]."""
        torch = torch_library()
        with torch.no_grad():
            found = torch.sigmoid(self.logits(histories, lists))
        return found.numpy().reshape(lists.shape[:2])

    def learn(self, histories: Ragged, real: Rows, generated: Rows) -> float:
        """One step on as many real as generated lists [n_cases, length]; the mean loss before it.

        Generated lists are looked at as far as the real one goes, so that no length gives them
        away. Nothing is learnt while it is good enough already.
        """
        torch = torch_library()
        short = np.where(real >= 0, generated, -1)
        lists = np.stack([real, short], axis=1)
        logits = self.logits(histories, lists, self.dropping)
        made = torch.tensor([SMOOTHED, 0.0]).repeat(len(real))
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, made)
        right = float(((logits.detach() > 0) == (made > 0.5)).float().mean())
        self.accuracy += 0.2 * (right - self.accuracy)
        if self.accuracy < self.good_enough:
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            self.optimiser.step()
        return float(loss.detach())
