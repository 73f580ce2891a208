"""Lists that are generated item by item, beside lists made of scores: accuracy, variety, and
whether adversarial training helps.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from prepared import data, fitted, parted

from palate import ranks, registry, store
from palate.arrays import Doubles, Floats, Rows, dense, l2_normalised
from palate.encode.blocks import encode_block
from palate.evaluate.beyond_accuracy import intra_list_diversity, popularity_divergence
from palate.evaluate.comparisons import compare
from palate.evaluate.metrics.counting import AtK
from palate.evaluate.metrics.distinct_lists import DistinctLists
from palate.evaluate.metrics.overlap import Overlap
from palate.gradient.loop import Schedule
from palate.model.generate.generator import Generator
from palate.model.generate.generator_evaluator import GeneratorEvaluator
from palate.model.generate.grpo import GroupRelative, GrpoSettings
from palate.model.generate.likelihood import Likelihood, Pretrained
from palate.model.generate.pretrained import HeldCases, Network, items_of, ndcg_of_lists
from palate.model.generate.real_lists import RealLists
from palate.model.generate.retrieved import Retrieved
from palate.model.generate.samples import LearnsFromSamples, learn_from_samples
from palate.model.generate.seqgan import Adversarial, SeqGanSettings
from palate.model.generate.settings import GeneratorSettings
from palate.model.shortlist import sample
from palate.stages import FitContext, Scorer
from palate.tables import Cases, FeatureTable, Rankings, SlateCandidates, Training

name = "generators"
K, CANDIDATES, MOST, SEEDS = 10, 100, 6000, (1, 2, 3, 4, 5)
ADVERSARIAL, FOLLOW_WORDS = 1000, "0, 1/4, 1/2 and 1"
what = (
    f"Lists of {K} out of a model's {CANDIDATES} best items (MovieLens-1M: EASE; Amazon Beauty:"
    " item neighbours; each user's last item is the target), by the model's scores (greedy), by MMR"
    " and DPP over genres or attributes (diversity 0.3), and generated item by item (LSTM, by"
    " behaviour alone, the newest 40 events of all users, at most 12 epochs; pointwise: by the same"
    " network without looking at the list; follow chosen: it looks at it as much as validation"
    f" says, of {FOLLOW_WORDS}). SeqGAN goes on for 5 epochs of {ADVERSARIAL:,} users,"
    " with 4 roll-outs (its control for as many steps of the likelihood alone), GRPO for as many,"
    " in groups of 8; the best epoch by validation stays, the generator's own state among them, or"
    " the last one does (to the end). The generator-evaluator chooses between the model's best, MMR"
    " and DPP over vectors of the generator, its list and 4 samples. Means over 5 seeds and at most"
    " 6,000 users; differences of NDCG with 95 % intervals over users, each user's figure being the"
    " mean over the seeds. Over-optimised: expected DCG that the evaluator of GRPO gained on"
    " validation cases, less what another one gained that learnt from other cases. Shared: items"
    " that two people's lists have in common. Divergence: of the popularity of what is listed from"
    " that of what was taken. It goes on where it was stopped: the seconds are of its last part"
)
SETS = {
    "ml-1m": ("genres", "model.ease.v1"),
    "amazon-beauty": ("attributes", "model.item_knn.v1"),
}
SHARED: dict[str, Any] = {
    "reader": "lstm",
    "window": 40,
    "candidates": CANDIDATES,
    "length": K,
    "likelihood": Schedule(epochs=12, rate=2e-3, patience=3),
}
AFTERWARDS: dict[str, Any] = {
    "real_lists": ADVERSARIAL,
    "schedule": Schedule(epochs=5, batch=64, rate=5e-4, patience=5),
}
LIKELIHOOD = GeneratorSettings(**SHARED)
SEQGAN = SeqGanSettings(**SHARED, **AFTERWARDS, roll_outs=4)
GRPO = GrpoSettings(**SHARED, **AFTERWARDS, group=8)
CHOOSER: dict[str, Any] = {
    "part": "model.generator_evaluator.v1",
    "samples": 4,
    "evaluator_cases": 2000,
}
KEPT = Path(os.environ.get("PALATE_BENCHMARK_PARTS", store.cache_folder() / "benchmarks")) / name
"""Lists by set, seed and maker, so that a run that was stopped goes on where it was."""
BASE = "greedy"
BEFORE, AFTER, GROUPS, CHOSEN = "generator", "SeqGAN", "GRPO", "generator-evaluator"
CONTROL, END = "control", ", to the end"
FOLLOWING, FOLLOW = "generator, follow chosen", (0.0, 0.25, 0.5, 1.0)
Figures = dict[str, float]
Made = dict[str, tuple[Rows, Figures]]
"""Label -> lists, and figures of their training."""
Makers = Mapping[str, Callable[["Bench", int], Made]]


class OnlyLikelihood(LearnsFromSamples):
    """The control of SeqGAN: as many steps of the likelihood, and no reward."""

    def loss(self, batch: RealLists) -> Any:
        """Of as many sequences."""
        self.note(reward=0.0)
        return self.teacher(len(batch))

    def observed(self, network: Network) -> dict[str, float | None]:
        """Nothing further."""
        return {}


class Bench:
    """One set: its cases, and the model that finds candidates."""

    def __init__(self, set_name: str) -> None:
        field, part = SETS[set_name]
        self.name = set_name
        what_is = data(set_name)
        split = parted(what_is, {"part": "split.leave_last_out.v1"}, 0)
        self.counts = split.train.item_counts()
        encoder = registry.spec({"part": "structured.fields.v1", "fields": [field]}, "encoder")
        rows = np.unique(split.train.item).astype(np.int32)
        block = encode_block(field, encoder, [], what_is.catalogue, rows).block
        self.content: Floats = dense(l2_normalised((dense(block.matrix) > 0).astype(np.float32)))
        items = FeatureTable(what_is.catalogue.items)
        self.training = Training(split.train, items, split.validation)
        self.member: Scorer = fitted(part, self.training)
        self.test: Cases = sample(split.test.open("measure"), MOST, 1)
        self.found = Retrieved.of(self.member, self.test.histories, self.test.seen, CANDIDATES)
        self.start: dict[int, Pretrained] = {}

    def context(self, seed: int) -> FitContext:
        """Members and seed."""
        return FitContext(seed=seed, members={"member": self.member})

    def pretrained(self, seed: int) -> Pretrained:
        """The generator of the likelihood, learnt once for each seed, and kept."""
        if seed not in self.start:
            self.start = {seed: self._pretrained(seed)}
        return self.start[seed]

    def _pretrained(self, seed: int) -> Pretrained:
        folder, context = KEPT / f"{self.name} {seed} {_digest(BEFORE)}", self.context(seed)
        kept = store.read(folder)
        if kept is None:
            start = Pretrained.of(LIKELIHOOD, self.member, self.training, context)
            state = Generator(LIKELIHOOD).after(start, self.training, context).state()
            store.write(folder, state.arrays, state.facts)
            return start
        held = HeldCases.of(self.member, self.training.validation, LIKELIHOOD, seed)
        network = Generator(LIKELIHOOD).load(kept, context.members)
        learner = Likelihood(LIKELIHOOD, self.training, held, context)
        return Pretrained(learner, held, network.network_, network.curve_)

    def by_slate(self, part: str) -> Rows:
        """Lists of a slate, out of the model's candidates."""
        slate = registry.spec({"part": part}, "slate").build()
        lists = np.full((len(self.test), K), -1, np.int32)
        for case, items in enumerate(self.found.items):
            own = items[items >= 0]
            scores = self.found.said[case, : len(own)]
            order = slate.order(SlateCandidates(scores, self.content[own]), K)
            lists[case, : len(order)] = own[order]
        return lists

    def generated(self, seed: int) -> Rows:
        """Lists of the likelihood."""
        network = self.pretrained(seed).network
        return network.lists(self.test.histories.items, self.found)

    def following(self, seed: int) -> Rows:
        """Lists of the likelihood that look at themselves as much as validation says."""
        start = self.pretrained(seed)
        settings = replace(start.network.settings, follow=FOLLOW)
        network = start.held.trusting(replace(start.network, settings=settings))
        print(f"  {self.name}, seed {seed}: follow {network.follow}, trust {network.trust}")
        return network.lists(self.test.histories.items, self.found)

    def pointwise(self, seed: int) -> Rows:
        """Lists of the same network, without looking at the list."""
        network, parts = self.pretrained(seed).network, []
        for start in range(0, len(self.test), 256):
            these = np.arange(start, min(start + 256, len(self.test)))
            part = self.found.take(these)
            choices = network.choices(self.test.histories.items.take(these), part)
            parts.append(items_of(part, choices.one_by_one(K).detach().numpy()))
        return np.concatenate(parts)

    def adversarial(self, seed: int) -> Made:
        """Lists of SeqGAN."""
        start, context = self.pretrained(seed), self.context(seed)
        learner = Adversarial.of(SEQGAN, self.member, start, self.training, context)
        return self._both(AFTER, learner, context)

    def trained_on(self, seed: int) -> Made:
        """Lists after the steps of SeqGAN without what is adversarial about them."""
        start, context = self.pretrained(seed), self.context(seed)
        lists = RealLists.of(self.training.log, self.member, SEQGAN, seed)
        learner = OnlyLikelihood(start, lists, SEQGAN, context)
        return self._both(CONTROL, learner, context)

    def group_relative(self, seed: int) -> Made:
        """Lists of GRPO."""
        start, context = self.pretrained(seed), self.context(seed)
        learner = GroupRelative.of(GRPO, self.member, start, context)
        return self._both(GROUPS, learner, context)

    def _both(self, maker: str, learner: LearnsFromSamples, context: FitContext) -> Made:
        """Lists of the best epoch by validation, and of the last one whatever validation says."""
        best, curve = learn_from_samples(learner, context)
        histories, made = self.test.histories.items, Made()
        for label, network, row in (
            (maker, best, curve.rows[curve.best]),
            (f"{maker}{END}", learner.newest, curve.rows[-1]),
        ):
            gap = row.get("over_optimisation")
            figures = {} if gap is None else {"over-optimised": gap}
            made[label] = (network.lists(histories, self.found), figures)
        return made

    def chosen(self, seed: int) -> Rows:
        """Lists that the evaluator chose."""
        model: GeneratorEvaluator = registry.spec({**CHOOSER, **_table(SHARED)}, "scorer").build()
        model.after(self.pretrained(seed), self.context(seed))
        parts = []
        for start in range(0, len(self.test), 256):
            part = self.test.take(np.arange(start, min(start + 256, len(self.test))))
            parts.append(ranks.top(ranks.masked(model.score(part.histories), part.seen), K)[0])
        return np.concatenate(parts)


ONCE: Makers = {
    BASE: lambda bench, seed: {BASE: (bench.found.items[:, :K], {})},
    "MMR": lambda bench, seed: {"MMR": (bench.by_slate("slate.mmr.v1"), {})},
    "DPP": lambda bench, seed: {"DPP": (bench.by_slate("slate.dpp.v1"), {})},
}
"""Those that no seed changes."""
SEEDED: Makers = {
    "pointwise": lambda bench, seed: {"pointwise": (bench.pointwise(seed), {})},
    BEFORE: lambda bench, seed: {BEFORE: (bench.generated(seed), {})},
    FOLLOWING: lambda bench, seed: {FOLLOWING: (bench.following(seed), {})},
    CONTROL: Bench.trained_on,
    AFTER: Bench.adversarial,
    GROUPS: Bench.group_relative,
    CHOSEN: lambda bench, seed: {CHOSEN: (bench.chosen(seed), {})},
}


def run() -> dict[str, Any]:
    """Both sets, seed by seed."""
    benches = [Bench(set_name) for set_name in SETS]
    made: dict[str, dict[str, list[tuple[Rows, Figures]]]] = {bench.name: {} for bench in benches}
    for seed, makers in ((0, ONCE), *((seed, SEEDED) for seed in SEEDS)):
        for bench in benches:
            for maker, make in makers.items():
                for label, lists in _kept(bench, maker, seed, make).items():
                    made[bench.name].setdefault(label, []).append(lists)
    rows, claims = [], []
    for bench in benches:
        own, said = _measured(bench, made[bench.name])
        rows += own
        claims += said
    return {"rows": rows, "claims": claims}


def _measured(
    bench: Bench, made: Mapping[str, list[tuple[Rows, Figures]]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    lists = {maker: [rows for rows, _ in each] for maker, each in made.items()}
    ndcg = {maker: _mean_over_seeds(bench, found) for maker, found in lists.items()}
    rows = []
    for maker, found in lists.items():
        row = {"set": bench.name, "lists": maker, **_figures(bench, found)}
        if maker != BASE:
            row |= _difference(ndcg[maker], ndcg[BASE], "greedy")
        if maker not in ONCE and maker != BEFORE:
            row |= _difference(ndcg[maker], ndcg[BEFORE], "generator")
        for label in made[maker][0][1]:
            row[label] = round(float(np.mean([figures[label] for _, figures in made[maker]])), 4)
        rows.append(row)
    items = {row["lists"]: row["distinct items"] for row in rows}
    gain = compare(ndcg[AFTER], ndcg[BEFORE])
    alone = compare(ndcg[f"{AFTER}{END}"], ndcg[f"{CONTROL}{END}"])
    claims = [
        (f"SeqGAN lists at least as many distinct items as {BASE}", items[AFTER] >= items[BASE]),
        (f"the generator is more accurate than {BASE}", compare(ndcg[BEFORE], ndcg[BASE]).low > 0),
        ("SeqGAN is more accurate than the generator before it", gain.low > 0),
        (
            "the adversarial part of it adds NDCG to as many steps of the likelihood alone:"
            f" {alone.difference:+.4f} ({alone.low:+.4f} to {alone.high:+.4f})",
            alone.low > 0,
        ),
    ]
    return rows, [
        {"claim": f"{bench.name}: {claim}", "holds": bool(holds)} for claim, holds in claims
    ]


def _mean_over_seeds(bench: Bench, lists: list[Rows]) -> Doubles:
    return np.mean([ndcg_of_lists(one, bench.test.targets) for one in lists], axis=0)


def _figures(bench: Bench, lists: list[Rows]) -> dict[str, Any]:
    case = bench.test.targets.row_of_value()
    wanted = bench.test.targets.values[:, None]
    figures: dict[str, Callable[[Rows], float]] = {
        "NDCG@10": lambda one: float(np.nanmean(ndcg_of_lists(one, bench.test.targets))),
        "hit@10": lambda one: float((one[case] == wanted).any(axis=1).mean()),
        "distinct items": lambda one: len(np.unique(one[one >= 0])),
        "coverage": lambda one: len(np.unique(one[one >= 0])) / len(bench.counts),
        "diversity": lambda one: float(np.nanmean(intra_list_diversity(one, bench.content))),
        "distinct lists": lambda one: _mean(DistinctLists(AtK(K)), bench, one),
        "shared": lambda one: _mean(Overlap(AtK(K)), bench, one),
        "divergence": lambda one: popularity_divergence(one, bench.counts),
    }
    means = {label: float(np.mean([of(one) for one in lists])) for label, of in figures.items()}
    return {label: round(mean, 0 if mean > 10 else 4) for label, mean in means.items()}


def _mean(metric: DistinctLists | Overlap, bench: Bench, lists: Rows) -> float:
    users, scores = bench.test.histories.users, np.zeros(lists.shape, np.float32)
    found = metric.per_case(Rankings(users, lists, scores), bench.training.log)
    return float(np.nanmean(found))


def _difference(a: Doubles, b: Doubles, base: str) -> dict[str, Any]:
    found = compare(a, b)
    return {
        f"NDCG less {base}": round(found.difference, 4),
        f"interval, {base}": f"{found.low:.4f} to {found.high:.4f}",
    }


def _digest(maker: str) -> str:
    """Of all settings that the lists of a maker depend on."""
    settings = {
        AFTER: asdict(SEQGAN),
        CONTROL: asdict(SEQGAN),
        GROUPS: asdict(GRPO) | {"gap": True},
        CHOSEN: asdict(LIKELIHOOD) | CHOOSER,
    }.get(maker, asdict(LIKELIHOOD))
    # no part of what is learnt; lists under other weights have a name of their own
    settings.pop("follow")
    return store.digest([maker, repr(sorted(settings.items())), K, CANDIDATES, MOST])[:12]


def _table(settings: Mapping[str, Any]) -> dict[str, Any]:
    """As a recipe says it."""
    return {**settings, "likelihood": asdict(settings["likelihood"])}


def _kept(bench: Bench, maker: str, seed: int, make: Callable[[Bench, int], Made]) -> Made:
    folder = KEPT / f"lists {bench.name} {seed} {maker} {_digest(maker)}"
    kept = store.read(folder)
    if kept is None:
        made = make(bench, seed)
        numbered = {str(number): rows for number, (rows, _) in enumerate(made.values())}
        figures = [figures for _, figures in made.values()]
        store.write(folder, numbered, {"labels": list(made), "figures": figures})
        print(f"  {bench.name}, seed {seed}: {maker}", flush=True)
        return made
    labels, figures = kept.facts["labels"], kept.facts.get("figures", [])
    return {
        label: (np.asarray(kept.arrays[str(number)]), figures[number] if figures else {})
        for number, label in enumerate(labels)
    }
