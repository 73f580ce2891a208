"""Several cheap makers of lists, and one evaluator of whole lists that chooses among them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Self, final

import numpy as np
from annotated_types import Ge, Gt

from palate.arrays import Doubles, Floats, Longs, Ragged, Rows
from palate.capabilities import MadeOf
from palate.gradient.engine import Tensor, numbers, tensor, tensors, torch_library
from palate.growth import check_grown
from palate.model.generate.evaluator import Evaluator, evaluated_cases
from palate.model.generate.likelihood import Pretrained
from palate.model.generate.list_scorer import ListScorer
from palate.model.generate.pretrained import Network, items_of
from palate.model.generate.retrieved import Retrieved, chunks
from palate.model.generate.settings import GeneratorSettings
from palate.model.item_item import fitted
from palate.seeding import generator
from palate.stages import FitContext, Scorer, Slate
from palate.store import Artefact
from palate.tables import FeatureTable, SlateCandidates, Training


@dataclass(frozen=True)
class GeneratorEvaluatorSettings(GeneratorSettings):
    """Who makes lists, and how the evaluator learns."""

    mmr: Mapping[str, Any] = field(default_factory=lambda: {"part": "slate.mmr.v1"})
    """A slate that makes one of the lists: a table with its `part` and settings; empty: none."""
    dpp: Mapping[str, Any] = field(default_factory=lambda: {"part": "slate.dpp.v1"})
    """Another one."""
    samples: Annotated[int, Ge(0)] = 4
    """Lists that the generator samples."""
    evaluator_steps: Annotated[int, Gt(0)] = 300
    """Batches of 64 cases that the evaluator learns from."""
    evaluator_cases: Annotated[int, Ge(1)] = 6000
    """Most validation cases that the evaluator learns from."""


@final
class GeneratorEvaluator(ListScorer, MadeOf):
    """The best of several lists, as an evaluator of whole lists says.

    The lists are the retriever's best items, those of two slates (similarity by the vectors of the
    generator), the likeliest of the generator, and some that it samples. The evaluator learns on
    validation cases that nothing else looked at which of them hold what was wanted. It is the
    honest rival of generators that are trained by a reward: it can be no worse than its makers but
    for the evaluator's errors.

    Args:
        settings: See `GeneratorEvaluatorSettings`.

    Attributes:
        network_: The generator of the likelihood.
        evaluator_: What chooses.
        seed_: Of the noise of samples.
        shares_: Maker -> share of the evaluator's cases in which its list was chosen.

    Cost: that of `model.generator.v1`, times the samples; and two slates a case.

    Two-stage generation and evaluation as in Feng et al., GRN: generative rerank network for
    context-wise recommendation, 2021 (arXiv 2104.00860).
    """

    does: ClassVar[str] = (
        "several lists, made by scores, by diversity and item by item, of which a neural network"
        " chooses one."
    )
    Settings = GeneratorEvaluatorSettings
    inner: ClassVar[Mapping[str, tuple[str, ...]]] = {"mmr": ("slate",), "dpp": ("slate",)}
    network_: Network
    evaluator_: Evaluator
    seed_: int
    shares_: Mapping[str, float]

    def __init__(self, settings: GeneratorEvaluatorSettings | None = None) -> None:
        self.settings: GeneratorEvaluatorSettings = settings or GeneratorEvaluatorSettings()

    def fit(self, training: Training, context: FitContext = FitContext()) -> Self:
        """Learn the likelihood, then what makes a list good.

        Raises:
            BadRecipe: There is no model that finds candidates.
            Refused: No user has two events, or there are too few validation cases.
            BadInput: The block holds NaN or infinite numbers.
        """
        member = self._choose_member(context.members)
        return self.after(Pretrained.of(self.settings, member, training, context), context)

    def after(self, start: Pretrained, context: FitContext = FitContext()) -> Self:
        """`fit`, from a likelihood that was learnt already.

        Args:
            start: Left as it is.
            context: Members and seed.
        """
        self._choose_member(context.members)
        self.network_, self.seed_ = start.network, context.seed
        cases = evaluated_cases(self.member_[1], start, self.settings.evaluator_cases)
        made = self._made(cases.histories, cases.found)
        self.evaluator_ = Evaluator.learnt(
            start.network, cases, list(made.values()), self.settings.evaluator_steps, context.seed
        )
        chosen = self._values(cases.histories, cases.found, made).argmax(axis=1)
        counts = np.bincount(chosen, minlength=len(made)) / len(cases)
        self.shares_ = dict(zip(made, counts.tolist(), strict=True))
        return self

    def grow(self, features: FeatureTable) -> Self:
        """The same makers and evaluator, and vectors of new items."""
        check_grown(features, self._n_items())
        more = copy.copy(self)
        more.network_ = self.network_.grown(features)
        more.evaluator_ = Evaluator(more.network_, self.evaluator_.parameters)
        more.member_ = self._grown_member(features)
        return more

    def state(self) -> Artefact:
        """The network, the evaluator and the shares; the member is not in it."""
        self._n_items()
        evaluator = {f"evaluator.{n}": v for n, v in self.evaluator_.parameters.items()}
        facts: dict[str, Any] = {
            "member": self.member_[0],
            **self.network_.facts(),
            "seed": self.seed_,
            "shares": dict(self.shares_),
        }
        return Artefact(self.network_.arrays() | numbers(evaluator), facts)

    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Take up the network, the evaluator and the model that finds candidates."""
        facts, prefix = state.facts, "evaluator."
        own = {n: array for n, array in state.arrays.items() if not n.startswith(prefix)}
        learnt = {n.removeprefix(prefix): state.arrays[n] for n in state.arrays if n not in own}
        self.network_ = Network.restored(self.settings, own, facts)
        self.evaluator_ = Evaluator(self.network_, tensors(learnt))
        self.member_ = (facts["member"], members[facts["member"]])
        self.seed_, self.shares_ = int(facts["seed"]), dict(facts["shares"])
        return self

    def _n_items(self) -> int:
        network: Network = fitted(self, "network_")
        return len(network.vectors)

    def _lists(self, histories: Ragged, found: Retrieved) -> Rows:
        made = self._made(histories, found)
        best = self._values(histories, found, made).argmax(axis=1)
        lists = np.stack(list(made.values()), axis=1)
        return items_of(found, lists[np.arange(len(best)), best])

    def _values(self, histories: Ragged, found: Retrieved, made: Mapping[str, Longs]) -> Doubles:
        return self.evaluator_.values(histories, found, np.stack(list(made.values()), axis=1))

    def _made(self, histories: Ragged, found: Retrieved) -> dict[str, Longs]:
        """Maker -> int64 [n_cases, length], numbers of candidates."""
        length, parts = self.settings.length, list[dict[str, Longs]]()
        slates = {name: self.part(name) for name in self.inner}
        makers = {name: slate for name, slate in slates.items() if slate is not None}
        for these in list(chunks(len(histories))) or [np.arange(0)]:
            part = found.take(these)
            with torch_library().no_grad():
                choices = self.network_.choices(histories.take(these), part)
                likeliest = choices.likeliest(length).numpy()
                noise = choices.with_noise(length, self._noise(found.items.shape[1])).numpy()
                vectors = torch_library().nn.functional.normalize(choices.vectors, dim=2).numpy()
            made = {"scores": np.broadcast_to(np.arange(length), likeliest.shape)}
            made |= {n: by_slate(slate, part, vectors, length) for n, slate in makers.items()}
            made |= {"likeliest": likeliest}
            made |= {f"sample {i + 1}": noise[:, i] for i in range(noise.shape[1])}
            parts.append(made)
        return {name: np.concatenate([made[name] for made in parts]) for name in parts[0]}

    def _noise(self, m: int) -> Tensor:
        """float32 [samples, length, m], the same for all cases, so that no list depends on who else
        is there.
        """
        s, rng = self.settings, generator(self.seed_, "generator-evaluator", "noise")
        noise = rng.gumbel(size=(s.samples, s.length, m)) * s.temperature
        return tensor(noise.astype(np.float32))


def by_slate(slate: Slate, found: Retrieved, vectors: Floats, length: int) -> Longs:
    """int64 [n_cases, length], what a slate makes of the candidates; those that it leaves open are
    filled with the next best.

    Args:
        slate: Puts lists together.
        found: The candidates.
        vectors: float32 [n_cases, m, width], of length 1.
        length: Of a list.
    """
    lists = np.empty((len(found.items), length), np.int64)
    for case, n in enumerate(found.there.sum(axis=1)):
        candidates = SlateCandidates(found.said[case, :n], np.ascontiguousarray(vectors[case, :n]))
        order = slate.order(candidates, length) if n else np.empty(0, np.int64)
        rest = np.setdiff1d(np.arange(found.items.shape[1]), order)
        lists[case] = np.concatenate([order, rest])[:length]
    return lists
