"""The sections of a recipe that are plain settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from annotated_types import Ge, Gt, Le, Lt

from palate import execute
from palate.protect.privacy.pattern import Kind
from palate.protect.privacy.scrub import KINDS


@dataclass(frozen=True)
class EvaluateSettings:
    """The section `[evaluate]`."""

    metrics: tuple[str, ...] = (
        "ndcg@10",
        "recall@10",
        "hit@10",
        "mrr@10",
        "map@10",
        "coverage@10",
        "novelty@10",
    )
    """What is measured on the test cases."""
    primary: str = "ndcg@10"
    """The metric of the headline, the slices and the comparisons; must be one of `metrics`."""
    best: str = ""
    """The model that did best on the validation cases, which the run recommends with; `[choose]`
    writes it. Empty: it is found out from the models of the recipe."""
    seeds: Annotated[int, Ge(1), Le(100)] = 1
    """How many times everything is repeated, split included; figures are means over them."""
    controls: bool = True
    """Whether every fusion is fitted again with permuted texts and with random vectors."""
    ablations: bool = True
    """Whether every fusion of several blocks is fitted again without each of them, and without its
    language models."""
    ablation_table: bool | tuple[str, ...] = False
    """Whether every block, and every way to fuse them, is measured alone and beside ids; or which
    fusers are tried."""
    new_items: Annotated[float, Ge(0), Lt(0.5)] = 0.0
    """Share of the items that a trial of its own withholds wholly, to see what the models do with
    new ones; 0: none."""
    chunk: Annotated[int, Ge(1)] = 512
    """Cases scored at once; memory grows with it."""
    users: Annotated[int, Ge(5)] | None = None
    """Most test users, drawn by seed, the same for every model, control and ablation; the intervals
    say what the sample leaves open. None: all of them."""


@dataclass(frozen=True)
class BudgetSettings:
    """The section `[budget]`."""

    seconds: Annotated[float, Gt(0)] | None = None
    """Most seconds of a run, from its first line to its report. For want of time fewer models are
    tried, then ablations are left out, then fewer test users are examined; the run says so, and its
    own recipe has what was done. Controls are never left out. The command line says it as
    `--budget 5m`. None: no limit."""


@dataclass(frozen=True)
class ProtectSettings:
    """The section `[protect]`."""

    scrub: bool | tuple[Kind, ...] = True
    """Whether mail addresses, telephone, account, card and identity numbers, addresses of machines,
    keys and tokens in the texts of items and users are replaced by their kind as soon as they are
    read, before anything is computed, kept, sent or shown; or which kinds are."""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What is replaced."""
        if isinstance(self.scrub, tuple):
            return self.scrub
        return KINDS if self.scrub else ()


@dataclass(frozen=True)
class CardSettings:
    """The section `[card]`: what no file can know, for `model_card.md` and `data_sheet.md`."""

    owner: str = ""
    """Who answers for model and data."""
    contact: str = ""
    """Where to write to."""
    licence: str = ""
    """Who may use the model."""
    purpose: str = ""
    """What its lists are for."""
    not_for: str = ""
    """What they must not be used for."""
    people: str = ""
    """Whom they affect."""
    limits: str = ""
    """What else to be careful about."""
    collected_for: str = ""
    """Why the data were collected."""
    collected: str = ""
    """How they were."""
    consent: str = ""
    """What people know of it, and agreed to."""
    data_licence: str = ""
    """Who may use the data."""
    retention: str = ""
    """How long they are kept."""


@dataclass(frozen=True)
class ChooseSettings:
    """The section `[choose]`: models are chosen on validation cases before the run."""

    seconds: Annotated[float, Gt(0)] | None = None
    """Most seconds in which models are tried; what was not tried for want of time is said. None: a
    share of the run's budget, or 300 where it has none."""
    cases: Annotated[int, Ge(20)] = 2_000
    """Most validation cases on which a model is measured, drawn by seed. Where they do not tell a
    second stage from what it puts in order, more are looked at if there is time."""
    members: Annotated[int, Ge(1), Le(12)] = 4
    """Most models of behaviour alone in a fusion."""
    families: tuple[str, ...] = ()
    """Kinds of models that are tried, e.g. `["popularity", "ease"]`; empty: all that suit the
    log."""
    second_stage: bool = True
    """Whether trees may put the best items in order, where LightGBM is installed."""


@dataclass(frozen=True)
class ReportSettings:
    """The section `[report]`."""

    title_field: str = ""
    """Field that names an item for people; empty: `title`, `name`, or the first text field."""
    label_field: str = ""
    """Field that colours the map; empty: a categorical field with few values."""
    map_block: str = ""
    """Block that the map is drawn of; empty: the first dense block, else the first one."""
    map_items: Annotated[int, Ge(0), Le(20_000)] = 3000
    """Most items on the map (the most popular ones); 0 leaves the map out."""
    users: Annotated[int, Ge(0), Le(1000)] = 8
    """Users whose recommendations are shown with reasons."""
    k: Annotated[int, Ge(1), Le(100)] = 6
    """Items shown to each of them."""


@dataclass(frozen=True)
class ExecuteSettings:
    """The section `[execute]`."""

    kind: execute.Kind = "inline"
    """Where the repetitions (`evaluate.seeds`) run, and the chunks of `palate encode`."""
    workers: Annotated[int, Ge(0)] = 0
    """Worker processes, or chunks that run at a time on Ray; 0 means one for each core."""
    address: str = ""
    """Address of a Ray cluster that runs already, `"auto"` for this machine's; empty: one is
    started here."""


@dataclass(frozen=True)
class Bar:
    """A published figure under the same protocol."""

    model: str
    """Name of the model, as its source calls it."""
    metric: str
    """e.g. `ndcg@10`."""
    value: float
    """The figure."""
    source: str = ""
    """Where it was published."""


@dataclass(frozen=True)
class ProtocolSettings:
    """The section `[protocol]`: which published protocol this recipe follows."""

    name: str = ""
    """Name of the preset."""
    description: str = ""
    """What it does, in a sentence or two."""
    bars: tuple[Bar, ...] = ()
    """Published figures to stand beside ours."""


@dataclass(frozen=True)
class TrackSettings:
    """The section `[track]`."""

    tensorboard: str = ""
    """Folder of TensorBoard's logs, e.g. `runs/tb`; each model and each block gets a folder of its
    own in it."""
    mlflow: bool = False
    """Whether metrics go to the MLflow run that is active, or to a new one."""
    wandb: str = ""
    """Project at Weights & Biases; `WANDB_MODE=offline` keeps the run on this machine."""


@dataclass(frozen=True)
class SearchSettings:
    """What is tried, and for how long."""

    trials: Annotated[int, Ge(1)] = 40
    """Recipes that are tried in all, resumed searches included."""
    patience: Annotated[int, Ge(0)] = 15
    """Stop after so many trials without a better one; 0: never before `trials`."""
    seconds: Annotated[float, Gt(0)] | None = None
    """Begin no further trial after so many seconds; None: no limit."""
    metric: str = ""
    """What shall be highest on the validation cases; empty: the primary metric of the recipe."""
    models: tuple[str, ...] = ()
    """Models of the recipe that compete; empty: the last one alone."""
    judge: Annotated[float, Gt(0), Lt(1)] = 0.5
    """Share of the validation cases that trials are measured on; models that choose weights or stop
    early do so on the others."""
    cases: Annotated[int, Ge(10)] = 4000
    """Most cases that trials are measured on, drawn by seed."""
    startup: Annotated[int, Ge(1)] = 8
    """Trials drawn at random before the search learns from those it has seen, and before any is cut
    short."""
    prune: bool = True
    """Whether a trial that stands below the median of the earlier ones at the same step is cut
    short."""
    space: Mapping[str, Any] = field(default_factory=dict)
    """Dotted recipe key -> a list of values, or a range {low, high, log, step}; and `blocks =
    "subset"`: any block that a model can do without may be left out."""
