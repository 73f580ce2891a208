"""What a generator knows: its network and the items, with which it lists candidates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palate import ranks
from palate.arrays import Doubles, Floats, Longs, Ragged, Rows, dense
from palate.gradient.engine import (
    Parameters,
    Tensor,
    numbers,
    tensor,
    tensors,
    torch_library,
)
from palate.growth import new_rows
from palate.model.generate.choices import Choices
from palate.model.generate.network import reader
from palate.model.generate.retrieved import Retrieved, chunks
from palate.model.generate.settings import GeneratorSettings
from palate.model.neural.items import content_vectors
from palate.model.neural.sequences import padded
from palate.seeding import generator
from palate.stages import Scorer
from palate.tables import Cases, FeatureTable


@dataclass(frozen=True, eq=False)
class Network:
    """A network that lists, as it stands.

    Attributes:
        settings: Its size.
        parameters: What `network.new_parameters` gave, learnt.
        vectors: float32 [n_items, width], of all items.
        trust: Weight of what the retriever says of a candidate.
        follow: Weight of what the list so far changes about what is expected.
    """

    settings: GeneratorSettings
    parameters: Parameters
    vectors: Tensor
    trust: float
    follow: float = 1.0

    def choices(self, histories: Ragged, found: Retrieved) -> Choices:
        """The candidates of some histories, as the network sees them; gradients flow."""
        batch = padded(histories, self.settings.window)
        embedding = torch_library().nn.functional.embedding
        embedded = embedding(tensor(batch.items), self.vectors)
        items = tensor(np.maximum(found.items, 0).astype(np.int64))
        reads = reader(self.settings, self.parameters)
        begun = reads.start(embedded, batch)
        vectors = embedding(items, self.vectors)
        return Choices(reads, begun, vectors, self.prior(found), self.follow)

    def prior(self, found: Retrieved) -> Tensor:
        """float32 [n_cases, m], what is added to the candidates' logits; -inf where there is
        none.
        """
        said = np.where(found.there, self.trust * found.said, -np.inf)
        return tensor(said.astype(np.float32))

    def likeliest(self, histories: Ragged, found: Retrieved) -> Longs:
        """int64 [n_cases, length], the likeliest list of each, as numbers of candidates."""
        length = self.settings.length
        parts = [np.empty((0, length), np.int64)]
        with torch_library().no_grad():
            for these in chunks(len(histories)):
                choices = self.choices(histories.take(these), found.take(these))
                parts.append(choices.likeliest(length).numpy())
        return np.concatenate(parts)

    def lists(self, histories: Ragged, found: Retrieved) -> Rows:
        """int32 [n_cases, length], the likeliest list of each, item by item; -1 where candidates
        ran out.
        """
        return items_of(found, self.likeliest(histories, found))

    def grown(self, features: FeatureTable) -> Network:
        """The same network with vectors of new items: of their content, or zeros."""
        known = len(self.vectors)
        torch = torch_library()
        new = torch.zeros((len(features.items) - known, self.vectors.shape[1]))
        if self.settings.block:
            width = self.parameters["head.in.weight"].shape[1]
            content = dense(new_rows(features.block(self.settings.block), known, width))
            with torch.no_grad():
                new = content_vectors(self.parameters, tensor(content))
        return replace(self, vectors=torch.cat([self.vectors, new]))

    def arrays(self) -> dict[str, Floats]:
        """All that was learnt but the two weights."""
        return numbers({**self.parameters, "vectors": self.vectors})

    @classmethod
    def restored(
        cls,
        settings: GeneratorSettings,
        arrays: Mapping[str, NDArray[Any]],
        facts: Mapping[str, Any],
    ) -> Network:
        """What `arrays` and `facts` gave, as a network again."""
        parameters = tensors(arrays)
        vectors = parameters.pop("vectors")
        trust, follow = float(facts["trust"]), float(facts.get("follow", 1.0))
        return cls(settings, parameters, vectors, trust, follow)

    def facts(self) -> dict[str, float]:
        """The two weights."""
        return {"trust": self.trust, "follow": self.follow}


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
        others: Validation cases that are not among them, in random order.
    """

    cases: Cases
    found: Retrieved
    others: Cases

    @classmethod
    def of(cls, member: Scorer, cases: Cases, settings: GeneratorSettings, seed: int) -> HeldCases:
        """At most `validation_cases` of them, and no more than half."""
        n = min(settings.validation_cases, (len(cases) + 1) // 2)
        rng = generator(seed, "validation cases")
        rows = np.sort(rng.choice(len(cases), n, replace=False))
        others = rng.permutation(np.setdiff1d(np.arange(len(cases)), rows))
        some = cases.take(rows)
        found = Retrieved.of(member, some.histories, some.seen, settings.candidates)
        return cls(some, found, cases.take(others))

    def lists(self, network: Network) -> Rows:
        """int32 [n_cases, length], what the network lists."""
        return network.lists(self.cases.histories.items, self.found)

    def ndcg(self, network: Network) -> float:
        """Mean NDCG of its lists, at their length; NaN without cases."""
        if not len(self.cases):
            return float("nan")
        return float(np.nanmean(ndcg_of_lists(self.lists(network), self.cases.targets)))

    def trusting(self, network: Network) -> Network:
        """The network with those weights of the retriever and of the list so far whose lists are
        best; without cases the greatest ones.
        """
        trust, follow = sorted(network.settings.trust), sorted(network.settings.follow)
        if not len(self.cases):
            return replace(network, trust=trust[-1], follow=follow[-1])
        tried = [replace(network, trust=t, follow=f) for f in follow for t in trust]
        return max(tried, key=self.ndcg)


def ndcg_of_lists(lists: Rows, targets: Ragged) -> Doubles:
    """float64 [n_cases], NDCG of lists at their length; NaN for a case without targets.

    Args:
        lists: int32 [n_cases, length]; -1 where a list is shorter.
        targets: int32 [n_cases], what was wanted.
    """
    return ranks.ndcg(ranks.ranks_in(lists, targets), max(lists.shape[1], 1))
