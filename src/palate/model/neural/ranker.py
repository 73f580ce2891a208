"""The second stage: members find candidates, a network ranks them by what is known of each pair."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal, Self, cast

import numpy as np
from annotated_types import Ge, Lt

from palate import ranks
from palate.arrays import Floats, Longs, Ragged
from palate.gradient.engine import (
    Parameters,
    Tensor,
    numbers,
    tensor,
    tensors,
    torch_library,
    torch_rng,
)
from palate.gradient.loop import Curve, Schedule, train
from palate.gradient.validation import some_cases
from palate.model.candidate_lists import lists_to_learn_from
from palate.model.candidates import (
    CASES_AT_ONCE,
    CandidateFeatures,
    content_arrays,
    content_of,
    contents,
    named_members,
    placed,
)
from palate.model.item_item import check_items, fitted
from palate.model.second_stage import SecondStage
from palate.seeding import generator
from palate.stages import FitContext, NewItems, Scorer
from palate.store import Artefact
from palate.tables import Cases, FeatureTable, Histories, TargetRanks, Training


@dataclass(frozen=True)
class RankerSettings:
    """Members, candidates, network and schedule."""

    members: tuple[str, ...] = ()
    """Names of other models of the recipe, which find the candidates; empty: all that stand before
    it."""
    blocks: tuple[str, ...] | None = None
    """Blocks whose similarity to the history describes a candidate; None: all of the recipe; empty:
    none."""
    candidates: Annotated[int, Ge(1)] = 50
    """Best items of each member that become candidates."""
    objective: Literal["list", "point"] = "list"
    """The right item must beat the other candidates of its case, or each pair is scored by
    itself."""
    factors: Annotated[int, Ge(1)] = 8
    """Numbers of a column's vector in the factorisation machine; layers are four times as wide."""
    layers: Annotated[int, Ge(0)] = 2
    """Cross layers, or hidden layers."""
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.1
    """Share of numbers dropped in hidden layers while training."""
    training_cases: Annotated[int, Ge(10)] = 6000
    """Most validation cases that it is trained on, a fifth of them kept for early stopping."""
    schedule: Schedule = field(
        default_factory=lambda: Schedule(epochs=60, batch=128, rate=2e-3, decay=1e-4, patience=8)
    )
    """How long and how fast it learns."""


class NeuralRanker(SecondStage):
    """Base of the rankers: authors write `new_network` and `network`.

    The members were fitted on the training part and fit it too well to be believed there, so the
    network is trained on validation cases, which no member has seen (unless it stops early by
    them). Items that are no candidates come after all candidates, in the first member's order.

    Args:
        settings: See `RankerSettings`.
    """

    Settings: ClassVar[type[RankerSettings]] = RankerSettings
    purpose: ClassVar[str]
    uses_validation: ClassVar[bool] = True
    new_items: ClassVar[NewItems] = "scored"
    features_: CandidateFeatures
    parameters_: Parameters
    shift_: Floats
    scale_: Floats
    curve_: Curve

    def __init__(self, settings: RankerSettings | None = None) -> None:
        self.settings = settings or self.Settings()

    @abstractmethod
    def new_network(self, n_columns: int, generator: Any) -> Parameters:
        """First values of the network's parameters."""

    @abstractmethod
    def network(self, p: Parameters, x: Tensor, generator: Any) -> Tensor:
        """Scores [n] of pairs float32 [n, n_columns], columns of mean 0 and variance 1."""

    def fit(self, training: Training, context: FitContext = FitContext()) -> Self:
        """Train on validation cases whose right item is among the candidates.

        Raises:
            BadRecipe: A member is not among the fitted models, or there is none.
            Refused: Fewer than ten validation cases can be learnt from.
        """
        members = named_members(self.settings.members, context.members)
        content = contents(training.features, self.settings.blocks)
        counts = training.log.item_counts().astype(np.float32)
        self.features_ = CandidateFeatures(members, content, counts, self.settings.candidates)
        learner = _Learner(
            self,
            some_cases(training.validation, self.settings.training_cases, context.seed),
            context,
        )
        self.shift_, self.scale_ = learner.shift, learner.scale
        self.curve_ = train(learner, self.settings.schedule, context.seed, context.tracker)
        self.parameters_ = {name: value.detach() for name, value in learner.parameters.items()}
        return self

    def grow(self, features: FeatureTable) -> Self:
        """The same ranker over grown members; a new candidate may take an old one's place."""
        more = copy.copy(self)
        more.features_ = cast(CandidateFeatures, fitted(self, "features_")).grown(features)
        return more

    def score(self, histories: Histories) -> Floats:
        """float32 [n_cases, n_items], candidates above all others."""
        features = cast(CandidateFeatures, fitted(self, "features_"))
        check_items(histories, len(features.counts))
        out = np.zeros((len(histories), len(features.counts)), np.float32)
        for start in range(0, len(histories), CASES_AT_ONCE):
            part = histories.take(np.arange(start, min(start + CASES_AT_ONCE, len(histories))))
            out[start : start + len(part)] = self._some(features, part)
        return out

    def state(self) -> Artefact:
        """The network, the content, the counts, and the curve of training; the members are not in
        it.
        """
        features = cast(CandidateFeatures, fitted(self, "features_"))
        arrays: dict[str, Any] = {
            f"network.{name}": value for name, value in numbers(self.parameters_).items()
        }
        arrays |= content_arrays(features.content)
        arrays |= {"counts": features.counts, "shift": self.shift_, "scale": self.scale_}
        names = {"members": list(features.members), "blocks": list(features.content)}
        return Artefact(arrays, {**names, "curve": self.curve_.facts()})

    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Take up the network and its members."""
        arrays, facts = state.arrays, state.facts
        content = content_of(arrays, facts["blocks"])
        own = {name: members[name] for name in facts["members"]}
        self.features_ = CandidateFeatures(
            own, content, np.asarray(arrays["counts"]), self.settings.candidates
        )
        network = {
            n.removeprefix("network."): a for n, a in arrays.items() if n.startswith("network.")
        }
        self.parameters_ = tensors(network)
        self.shift_, self.scale_ = np.asarray(arrays["shift"]), np.asarray(arrays["scale"])
        self.curve_ = Curve.of(facts["curve"])
        return self

    def _some(self, features: CandidateFeatures, histories: Histories) -> Floats:
        found = features.of(histories)
        with torch_library().no_grad():
            flat = ((found.columns - self.shift_) / self.scale_).reshape(-1, found.columns.shape[2])
            logits = (
                self.network(self.parameters_, tensor(flat), None)
                .numpy()
                .reshape(found.items.shape)
            )
        return placed(found, logits[found.items >= 0])


class _Learner:
    def __init__(self, ranker: NeuralRanker, cases: Cases, context: FitContext) -> None:
        self.ranker, self.settings = ranker, ranker.settings
        lists = lists_to_learn_from(ranker.features_, cases)
        self.items, self.right = lists.items, lists.right
        order = generator(context.seed, ranker.purpose, "held out").permutation(len(self.items))
        held = max(1, len(self.items) // 5)
        self.held, self.trained = order[:held], order[held:]
        real = lists.columns[self.trained][self.items[self.trained] >= 0]
        self.shift, self.scale = real.mean(axis=0), np.maximum(real.std(axis=0), 1e-6)
        self.columns = np.asarray((lists.columns - self.shift) / self.scale, np.float32)
        self.parameters: Parameters = ranker.new_network(
            lists.columns.shape[2], torch_rng(context.seed, ranker.purpose, "first values")
        )
        self.dropping = torch_rng(context.seed, ranker.purpose, "dropout")

    def batches(self, rng: np.random.Generator) -> Iterator[Longs]:
        order = rng.permutation(self.trained)
        for start in range(0, len(order), self.settings.schedule.batch):
            yield order[start : start + self.settings.schedule.batch]

    def loss(self, batch: Longs) -> Tensor:
        torch = torch_library()
        logits, real = self._logits(batch, self.dropping), tensor(self.items[batch] >= 0)
        right = tensor(self.right[batch])
        if self.settings.objective == "point":
            return torch.nn.functional.binary_cross_entropy_with_logits(
                logits[real], right[real].float()
            )
        shares = torch.log_softmax(logits.masked_fill(~real, -torch.inf), dim=1)
        return -(shares[right]).sum() / right.sum()

    def metric(self) -> float:
        logits = np.asarray(self._logits(self.held, None).numpy())
        allowed = np.where(self.items[self.held] >= 0, logits, -np.inf).astype(np.float32)
        case, place = np.nonzero(self.right[self.held])
        targets = Ragged.grouped(case.astype(np.int32), place.astype(np.int32), len(self.held))
        found: TargetRanks = ranks.positions_masked(allowed, targets)
        return float(np.mean(ranks.ndcg(found, 10)))

    def _logits(self, cases: Longs, generator: Any) -> Tensor:
        x = self.columns[cases]
        flat = self.ranker.network(self.parameters, tensor(x.reshape(-1, x.shape[2])), generator)
        return flat.view(x.shape[0], x.shape[1])
