"""What a generator knows: its network and the items, with which it lists candidates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from palate import ranks
from palate.arrays import Doubles, Longs, Ragged, Rows
from palate.gradient.engine import Parameters, Tensor, tensor, torch_library
from palate.gradient.validation import some_cases
from palate.model.generate.choices import Choices
from palate.model.generate.network import reader
from palate.model.generate.retrieved import Retrieved
from palate.model.generate.settings import GeneratorSettings
from palate.model.neural.sequences import padded
from palate.stages import Scorer
from palate.tables import Cases, TargetRanks

CASES_AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class Network:
    """A network that lists, as it stands.

    Attributes:
        settings: Its size.
        parameters: What `network.new_parameters` gave, learnt.
        vectors: float32 [n_items, width], of all items.
        trust: Weight of what the retriever says of a candidate.
    """

    settings: GeneratorSettings
    parameters: Parameters
    vectors: Tensor
    trust: float

    def choices(self, histories: Ragged, found: Retrieved) -> Choices:
        """The candidates of some histories, as the network sees them; gradients flow."""
        batch = padded(histories, self.settings.window)
        embedding = torch_library().nn.functional.embedding
        embedded = embedding(tensor(batch.items), self.vectors)
        items = tensor(np.maximum(found.items, 0).astype(np.int64))
        reads = reader(self.settings, self.parameters)
        begun = reads.start(embedded, batch)
        return Choices(reads, begun, embedding(items, self.vectors), self.prior(found))

    def prior(self, found: Retrieved) -> Tensor:
        """float32 [n_cases, m], what is added to the candidates' logits; -inf where there is
        none.
        """
        said = np.where(found.there, self.trust * found.said, -np.inf)
        return tensor(said.astype(np.float32))

    def lists(self, histories: Ragged, found: Retrieved) -> Rows:
        """int32 [n_cases, length], the likeliest list of each, item by item; -1 where candidates
        ran out.
        """
        length = self.settings.length
        parts = [np.empty((0, length), np.int32)]
        with torch_library().no_grad():
            for start in range(0, len(histories), CASES_AT_ONCE):
                these = np.arange(start, min(start + CASES_AT_ONCE, len(histories)))
                part = found.take(these)
                chosen = self.choices(histories.take(these), part).likeliest(length)
                parts.append(items_of(part, chosen.numpy()))
        return np.concatenate(parts)


def items_of(found: Retrieved, chosen: Any) -> Rows:
    """int32 [n_cases, ..., length], the items of lists of candidates; -1 where these ran out.

    Args:
        found: The candidates [n_cases, m].
        chosen: int64 [n_cases, ..., length], numbers of candidates.
    """
    case = np.arange(len(chosen)).reshape(-1, *(1,) * (chosen.ndim - 1))
    there = found.there.sum(axis=1)[case]
    items = found.items[case, chosen]
    return np.where(np.arange(chosen.shape[-1]) < there, items, -1).astype(np.int32)


@dataclass(frozen=True, eq=False)
class HeldCases:
    """Validation cases with their candidates.

    Attributes:
        cases: The cases.
        found: What the retriever finds for them.
    """

    cases: Cases
    found: Retrieved

    @classmethod
    def of(cls, member: Scorer, cases: Cases, settings: GeneratorSettings, seed: int) -> HeldCases:
        """At most `validation_cases` of them, drawn once."""
        some = some_cases(cases, settings.validation_cases, seed)
        return cls(some, Retrieved.of(member, some.histories, some.seen, settings.candidates))

    def lists(self, network: Network) -> Rows:
        """int32 [n_cases, length], what the network lists."""
        return network.lists(self.cases.histories.items, self.found)

    def ndcg(self, network: Network) -> float:
        """Mean NDCG of its lists, at their length; NaN without cases."""
        if not len(self.cases):
            return float("nan")
        return float(np.nanmean(ndcg_of_lists(self.lists(network), self.cases.targets)))

    def trusting(self, network: Network) -> Network:
        """The network with that weight of the retriever whose lists are best; without cases the
        greatest one.
        """
        weights = sorted(network.settings.trust)
        if not len(self.cases):
            return replace(network, trust=weights[-1])
        tried = [replace(network, trust=weight) for weight in weights]
        return max(tried, key=self.ndcg)


def ndcg_of_lists(lists: Rows, targets: Ragged) -> Doubles:
    """float64 [n_cases], NDCG of lists at their length; NaN for a case without targets.

    Args:
        lists: int32 [n_cases, length]; -1 where a list is shorter.
        targets: int32 [n_cases], what was wanted.
    """
    case, item = targets.row_of_value(), targets.values
    at = lists[case] == item[:, None]
    position = np.where(at.any(axis=1), at.argmax(axis=1) + 1.0, np.inf)
    n_candidates: Longs = np.full(len(lists), max(lists.shape[1], 1), np.int64)
    found = TargetRanks(case, item, position, n_candidates)
    return ranks.ndcg(found, max(lists.shape[1], 1))
