"""What learns to list by likelihood, and then by what its author adds."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Self, final

from palate.arrays import Ragged, Rows, dense
from palate.gradient.engine import numbers, tensor, tensors, torch_library
from palate.gradient.loop import Curve
from palate.growth import check_grown, grown_member, new_rows
from palate.model.generate.likelihood import Pretrained
from palate.model.generate.list_scorer import ListScorer
from palate.model.generate.pretrained import Network
from palate.model.generate.retrieved import Retrieved
from palate.model.generate.settings import GeneratorSettings
from palate.model.item_item import fitted
from palate.model.neural.items import content_vectors
from palate.stages import FitContext, Scorer
from palate.store import Artefact
from palate.tables import FeatureTable, Training


class ListGenerator(ListScorer):
    """A scorer whose list is the likeliest of one network, item by item.

    Authors write what is learnt after the likelihood (`_improved`); the rest is done here.

    Attributes:
        network_: What lists.
        curve_: How training went: rows without `reward` are of the likelihood, rows with it of
            what came after.
    """

    Settings: ClassVar[type[GeneratorSettings]]
    network_: Network
    curve_: Curve

    @abstractmethod
    def _improved(
        self, start: Pretrained, training: Training, context: FitContext
    ) -> tuple[Network, Curve]:
        """What is learnt after the likelihood: a network, and further rows of the curve.

        Args:
            start: The generator of the likelihood.
            training: The training part.
            context: Seed and tracker.
        """

    @final
    def fit(self, training: Training, context: FitContext = FitContext()) -> Self:
        """Learn the likelihood on the training part, then what comes after it.

        Raises:
            BadRecipe: There is no model that finds candidates.
            Refused: No user has two events, or training diverged.
            BadInput: The block holds NaN or infinite numbers.
        """
        member = self._choose_member(context.members)
        return self.after(
            Pretrained.of(self.settings, member, training, context), training, context
        )

    @final
    def after(
        self, start: Pretrained, training: Training, context: FitContext = FitContext()
    ) -> Self:
        """`fit`, from a likelihood that was learnt already, under the same settings.

        Args:
            start: Left as it is: several models may go on from it.
            training: The training part.
            context: Members, seed and tracker.
        """
        self._choose_member(context.members)
        self.network_, self.curve_ = self._improved(start, training, context)
        return self

    @final
    def grow(self, features: FeatureTable) -> Self:
        """The same network, and vectors of new items: of their content, or zeros."""
        known = self._n_items()
        check_grown(features, known)
        torch, more, network = torch_library(), copy.copy(self), self.network_
        new = torch.zeros((len(features.items) - known, network.vectors.shape[1]))
        if self.settings.block:
            width = network.parameters["head.in.weight"].shape[1]
            content = dense(new_rows(features.block(self.settings.block), known, width))
            with torch.no_grad():
                new = content_vectors(network.parameters, tensor(content))
        more.network_ = replace(network, vectors=torch.cat([network.vectors, new]))
        more.member_ = (self.member_[0], grown_member(self.member_[1], features))
        return more

    @final
    def state(self) -> Artefact:
        """The network, the items' vectors and the curve; the member is not in it."""
        n_items, network = self._n_items(), self.network_
        arrays = numbers({**network.parameters, "vectors": network.vectors})
        facts: dict[str, Any] = {
            "member": self.member_[0],
            "trust": network.trust,
            "n_items": n_items,
            "curve": self.curve_.facts(),
        }
        return Artefact(arrays, facts)

    @final
    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Take up the network and the model that finds candidates."""
        name = state.facts["member"]
        parameters = tensors(state.arrays)
        vectors = parameters.pop("vectors")
        self.network_ = Network(self.settings, parameters, vectors, float(state.facts["trust"]))
        self.member_, self.curve_ = (name, members[name]), Curve.of(state.facts["curve"])
        return self

    @final
    def _n_items(self) -> int:
        network: Network = fitted(self, "network_")
        return len(network.vectors)

    @final
    def _lists(self, histories: Ragged, found: Retrieved) -> Rows:
        return self.network_.lists(histories, found)
