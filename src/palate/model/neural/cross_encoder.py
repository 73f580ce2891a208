"""Cross-encoder: history and candidate are read together by a transformer, which orders what
another model found.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Self, cast

import numpy as np
from annotated_types import Ge, Gt

from palate import ranks
from palate.arrays import Doubles, Floats, Longs, Ragged, Rows
from palate.capabilities import Described, Reads, Related, Reranks
from palate.errors import BadRecipe, Refused, nearest
from palate.gradient.engine import Tensor, tensor, torch_library
from palate.gradient.loop import Curve, Schedule, train
from palate.gradient.validation import some_cases
from palate.growth import check_grown, grown_member
from palate.language_model import TextSource
from palate.model.candidates import named_members
from palate.model.item_item import check_items, fitted
from palate.model.logistic import last_events
from palate.model.neural.pair_reader import PairReader
from palate.seeding import generator
from palate.stages import FitContext, NewItems, Scorer
from palate.store import Artefact
from palate.tables import Cases, FeatureTable, Histories, Interactions, Training

CASES_AT_ONCE = 64
FEWEST_HELD = 10


@dataclass(frozen=True)
class CrossEncoderSettings:
    """What finds the candidates, what is read of them, and how the transformer is tuned."""

    members: tuple[str, ...] = ()
    """The model whose best items are put in order; empty: the first of the recipe."""
    block: str | None = None
    """The block whose texts and language model are used; None: the first that has them."""
    candidates: Annotated[int, Ge(2)] = 30
    """Best items of the member that are read."""
    last: Annotated[int, Ge(1)] = 5
    """Newest items of the history that are read."""
    item_tokens: Annotated[int, Ge(4)] = 24
    """Tokens of each text; longer ones are cut off."""
    negatives: Annotated[int, Ge(1)] = 7
    """Items drawn by popularity that the right one must beat."""
    training_cases: Annotated[int, Ge(10)] = 4000
    """Most users of the training part whose last event is learnt from."""
    validation_cases: Annotated[int, Ge(10)] = 500
    """Most validation cases that stop training and choose the weight."""
    weights: tuple[Annotated[float, Gt(0)], ...] = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
    """Weights tried for what the transformer says beside the member's own score; 0 is always among
    them."""
    evidence: Annotated[float, Ge(0)] = 1.0
    """Standard errors by which a weight must beat the member alone."""
    schedule: Schedule = field(
        default_factory=lambda: Schedule(epochs=2, batch=8, rate=3e-5, patience=1)
    )
    """How long and how fast it learns."""


class CrossEncoder(Related, Reranks, Described):
    """Score = the member's score + w times what a transformer says of history and candidate
    together.

    Two vectors that are compared afterwards (`model.text_kernel.v1`, `model.two_tower.v1`) cannot
    see that one word of the history answers one word of the candidate; a transformer that reads
    both can. It is dear, so it only orders the first items of another model. It learns from the
    last events of training users, against items drawn by popularity; the weight w is chosen on
    validation cases and is 0 where reading does not clearly help.

    Args:
        settings: See `CrossEncoderSettings`.

    Attributes:
        weight_: w; 0: the member's order stays.
        curve_: How training went.

    Cost: `candidates` texts of some 100 tokens a case: all-MiniLM-L6-v2 reads about two hundred
    candidates a second on two cores, so that thousands of cases want a GPU or few candidates.

    Nogueira & Cho, Passage re-ranking with BERT, 2019 (arXiv 1901.04085).
    """

    does: ClassVar[str] = (
        "orders the best items of other models again, by a language model that reads "
        "history and item together."
    )
    Settings = CrossEncoderSettings
    uses_validation: ClassVar[bool] = True
    new_items: ClassVar[NewItems] = "untouched"
    member_: tuple[str, Scorer]
    reader_: PairReader
    weight_: float
    curve_: Curve

    def __init__(self, settings: CrossEncoderSettings | None = None) -> None:
        self.settings = settings or CrossEncoderSettings()

    @classmethod
    def reads(cls, settings: CrossEncoderSettings) -> Reads:
        """Its member, and the block whose texts are read."""
        return Reads(
            blocks=(settings.block,) if settings.block else (),
            members=settings.members,
            first="" if settings.block else "texts",
            every_member=not settings.members,
        )

    def fit(self, training: Training, context: FitContext = FitContext()) -> Self:
        """Tune the transformer on the training part; stop it and choose its weight on validation
        cases.

        Raises:
            BadRecipe: There is no member, or no block with a language model.
            Refused: There are too few validation cases, or training events of items with a text.
        """
        s = self.settings
        self.member_ = next(iter(named_members(s.members, context.members).items()))
        if len(training.validation) < FEWEST_HELD:
            raise Refused(
                f"a cross-encoder needs validation cases, and there are {len(training.validation)}",
                next_step="choose a split that keeps a validation part",
            )
        source = _source(context.texts, s.block)
        self.reader_ = PairReader.of(
            source.language_model(), source.texts(), s.item_tokens, s.last, context.seed
        )
        held = _Held.of(
            self.member_[1], some_cases(training.validation, s.validation_cases, context.seed), s
        )
        learner = _Learner(self.reader_, training.log, held, s, context.seed)
        self.curve_ = train(learner, s.schedule, context.seed, context.tracker)
        self.weight_ = held.weight(self.reader_, s)
        return self

    def grow(self, features: FeatureTable) -> Self:
        """The same reader over a grown member; features hold no texts, so a new item has none."""
        reader = cast(PairReader, fitted(self, "reader_"))
        check_grown(features, reader.n_items)
        more, (name, member) = copy.copy(self), self.member_
        more.member_ = (name, grown_member(member, features))
        more.reader_ = reader.with_items(len(features.items))
        return more

    def score(self, histories: Histories) -> Floats:
        """float32 [n_cases, n_items], what was read above all others."""
        reader = cast(PairReader, fitted(self, "reader_"))
        check_items(histories, reader.n_items)
        parts = [np.empty((0, reader.n_items), np.float32)]
        for start in range(0, len(histories), CASES_AT_ONCE):
            part = histories.take(np.arange(start, min(start + CASES_AT_ONCE, len(histories))))
            scores = self.member_[1].score(part)
            parts.append(self._reordered(reader, part, scores) if self.weight_ else scores)
        return np.concatenate(parts)

    def state(self) -> Artefact:
        """The tuned transformer, its configuration and the items' tokens; the member is not in
        it.
        """
        reader = cast(PairReader, fitted(self, "reader_"))
        facts = {
            "member": self.member_[0],
            "weight": self.weight_,
            "curve": self.curve_.facts(),
            **reader.facts(),
        }
        return Artefact(reader.arrays(), facts)

    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Take up the transformer and its member."""
        name = state.facts["member"]
        self.member_ = (name, members[name])
        self.reader_ = PairReader.restored(state, self.settings.last)
        self.weight_, self.curve_ = float(state.facts["weight"]), Curve.of(state.facts["curve"])
        return self

    def _reordered(self, reader: PairReader, histories: Histories, scores: Floats) -> Floats:
        items = ranks.top(ranks.masked(scores, histories.items), self.settings.candidates)[0]
        combined = _combined(scores, items, reader.read(histories, items), self.weight_)
        lowest, highest = scores.min(axis=1, keepdims=True), scores.max(axis=1, keepdims=True)
        out = np.asarray((scores - lowest) / np.maximum(highest - lowest, 1e-9) - 2, np.float32)
        case, place = np.nonzero(items >= 0)
        # above all others, which lie between -2 and -1
        out[case, items[case, place]] = 1 + np.tanh(combined[case, place] / 20)
        return out


@dataclass(frozen=True, eq=False)
class _Held:
    """Validation cases with the member's candidates."""

    cases: Cases
    items: Rows
    scores: Floats
    targets: Ragged

    @classmethod
    def of(cls, member: Scorer, cases: Cases, settings: CrossEncoderSettings) -> _Held:
        scores = member.score(cases.histories)
        items = ranks.top(ranks.masked(scores, cases.seen), settings.candidates)[0]
        wanted = cases.targets.mask(scores.shape[1])
        right = np.take_along_axis(wanted, np.maximum(items, 0), 1) & (items >= 0)
        case, place = np.nonzero(right)
        targets = Ragged.grouped(case.astype(np.int32), place.astype(np.int32), len(cases))
        return cls(cases, items, scores, targets)

    def ndcg(self, said: Floats, weight: float) -> Doubles:
        """float64 [n_cases with a right candidate], NDCG at 10 among the candidates."""
        combined = _combined(self.scores, self.items, said, weight)
        allowed = np.where(self.items >= 0, combined, -np.inf).astype(np.float32)
        found = ranks.ndcg(ranks.positions_masked(allowed, self.targets), 10)
        return found[self.targets.lengths() > 0]

    def weight(self, reader: PairReader, settings: CrossEncoderSettings) -> float:
        """The weight of the highest NDCG, if it clearly beats the member alone; else 0."""
        said = reader.read(self.cases.histories, self.items)
        alone = self.ndcg(said, 0.0)
        if len(alone) < 2:
            return 0.0
        gains = {w: self.ndcg(said, w) - alone for w in settings.weights}
        best = max(gains, key=lambda w: float(gains[w].mean()))
        error = float(gains[best].std(ddof=1) / np.sqrt(len(alone)))
        return best if gains[best].mean() > max(settings.evidence * error, 0.0) else 0.0


class _Learner:
    """Last events of training users, each among items drawn by popularity."""

    def __init__(
        self,
        reader: PairReader,
        log: Interactions,
        held: _Held,
        settings: CrossEncoderSettings,
        seed: int,
    ) -> None:
        self.reader, self.held, self.settings = reader, held, settings
        self.parameters = reader.parameters()
        self.histories, self.targets = _last_events(log, reader, settings, seed)
        if len(self.targets) < 2:
            raise Refused(
                "fewer than two training users end with an item that has a text", where="block"
            )
        counts = np.where(reader.tokens.lengths() > 0, log.item_counts(), 0)
        self.share = np.cumsum(counts) / max(int(counts.sum()), 1)

    def batches(self, rng: np.random.Generator) -> Iterator[tuple[Longs, Longs]]:
        order = rng.permutation(len(self.targets))
        for start in range(0, len(order), self.settings.schedule.batch):
            rows = order[start : start + self.settings.schedule.batch]
            drawn = np.searchsorted(
                self.share, rng.random((len(rows), self.settings.negatives)), side="right"
            )
            yield rows, np.minimum(drawn, len(self.share) - 1)

    def loss(self, batch: tuple[Longs, Longs]) -> Tensor:
        torch = torch_library()
        rows, others = batch
        items = np.concatenate([self.targets[rows][:, None], others], axis=1)
        pairs = [
            self.reader.pair(self.histories[int(row)], int(i))
            for row, own in zip(rows, items, strict=True)
            for i in own
        ]
        logits = self.reader(pairs).view(len(rows), -1)
        # the right item, drawn once more, is no wrong one
        twice = tensor(items == items[:, :1])
        twice[:, 0] = False
        return -torch.log_softmax(logits.masked_fill(twice, -torch.inf), dim=1)[:, 0].mean()

    def metric(self) -> float:
        said = self.reader.read(self.held.cases.histories, self.held.items)
        found = self.held.ndcg(said, 1.0)
        return float(found.mean()) if len(found) else float("nan")


def _last_events(
    log: Interactions, reader: PairReader, settings: CrossEncoderSettings, seed: int
) -> tuple[Ragged, Rows]:
    """What some users had before their last event of the training part, and the item of that
    event.
    """
    before, targets = last_events(log, log.n_users, seed)
    usable = np.flatnonzero(reader.tokens.lengths()[targets] > 0)
    usable = np.sort(
        generator(seed, "cross-encoder", "users").permutation(usable)[: settings.training_cases]
    )
    return before.items.take(usable), targets[usable]


def _combined(scores: Floats, items: Rows, said: Floats, weight: float) -> Floats:
    """float32 [n, width], the member's scores of the items plus `weight` times what is said, each
    of variance 1.
    """
    own = np.take_along_axis(scores, np.maximum(items, 0), 1)
    return np.asarray(_standard(own, items >= 0) + weight * _standard(said, items >= 0), np.float32)


def _standard(values: Floats, real: Any) -> Doubles:
    n = np.maximum(real.sum(axis=1, keepdims=True), 1)
    centred = np.where(
        real, values - np.where(real, values, 0).sum(axis=1, keepdims=True, dtype=np.float64) / n, 0
    )
    spread = np.sqrt((centred**2).sum(axis=1, keepdims=True) / n)
    return np.asarray(centred / np.where(spread > 1e-9, spread, 1.0), np.float64)


def _source(texts: Mapping[str, TextSource], block: str | None) -> TextSource:
    if block is not None and block in texts:
        return texts[block]
    if block is None and texts:
        return next(iter(texts.values()))
    raise BadRecipe(
        "this model reads texts, and there is no language model"
        + (f' behind the block "{block}"' if block else ""),
        where="block",
        allowed=", ".join(texts) or "a block of text.transformer.v1",
        next_step=nearest(block or "", texts),
    )
