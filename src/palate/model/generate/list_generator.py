"""What learns to list by likelihood, and then by what its author adds."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self, final

from palate.arrays import Ragged, Rows
from palate.gradient.loop import Curve
from palate.growth import check_grown
from palate.model.generate.likelihood import Pretrained
from palate.model.generate.list_scorer import ListScorer
from palate.model.generate.pretrained import Network
from palate.model.generate.retrieved import Retrieved
from palate.model.generate.settings import GeneratorSettings
from palate.model.item_item import fitted
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
        check_grown(features, self._n_items())
        more = copy.copy(self)
        more.network_ = self.network_.grown(features)
        more.member_ = self._grown_member(features)
        return more

    @final
    def state(self) -> Artefact:
        """The network, the items' vectors and the curve; the member is not in it."""
        network: Network = fitted(self, "network_")
        facts: dict[str, Any] = {
            "member": self.member_[0],
            **network.facts(),
            "curve": self.curve_.facts(),
        }
        return Artefact(network.arrays(), facts)

    @final
    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Take up the network and the model that finds candidates."""
        name = state.facts["member"]
        self.network_ = Network.restored(self.settings, state.arrays, state.facts)
        self.member_, self.curve_ = (name, members[name]), Curve.of(state.facts["curve"])
        return self

    @final
    def _n_items(self) -> int:
        network: Network = fitted(self, "network_")
        return len(network.vectors)

    @final
    def _lists(self, histories: Ragged, found: Retrieved) -> Rows:
        return self.network_.lists(histories, found)
