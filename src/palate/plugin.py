"""All that a package of parts may import: these names, `palate.testing`, and nothing else.

Whatever stands here keeps its name and its signature within a minor version; whatever does not may
move at any time. `CONTRACTS` names the suite of `palate.testing` that a part of each stage must
pass (it needs pytest, so it is not imported here).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from palate.arrays import (
    Doubles,
    Floats,
    Longs,
    Mask,
    Matrix,
    Ragged,
    Rows,
    Sparse,
    dense,
    inverse,
    l2_normalised,
)
from palate.config import parse, resolved
from palate.errors import (
    BadInput,
    BadRecipe,
    DamagedArtefact,
    DataUnavailable,
    MissingExtra,
    PalateError,
    Refused,
    SeveralProblems,
    nearest,
    raise_all,
)
from palate.execute import Executor
from palate.language_model import LanguageModel, TextSource
from palate.optional import has, need
from palate.part_state import PartState, fitted, state_of
from palate.ranks import masked, ndcg, positions, top
from palate.seeding import generator, seed_of
from palate.stages import (
    Adapter,
    AdditiveScorer,
    BlockTransform,
    Encoder,
    EnsembleScorer,
    Explainer,
    FitContext,
    Fuser,
    ItemSpace,
    ListMetric,
    Metric,
    Portable,
    Reader,
    Recommender,
    Scorer,
    Selector,
    Splitter,
    Storable,
    Tracker,
    Tunable,
    Tuner,
    TwoSided,
    UserEncoder,
)
from palate.store import Artefact
from palate.tables import (
    Block,
    Cases,
    Catalogue,
    Coded,
    Dataset,
    Event,
    FeatureTable,
    Finding,
    FusionReading,
    Histories,
    Interactions,
    Origin,
    Purpose,
    Rankings,
    Request,
    SealedCases,
    Split,
    TargetRanks,
    Training,
    Vocabulary,
)
from palate.tables.importance_problem import ImportanceEstimate, ImportanceProblem
from palate.tables.labelled_rows import LabelledRows

ENTRY_POINTS = "palate.parts"
"""Group of the entry points: `"STAGE/NAME" = "module:Class"`, e.g. `scorer/model.mine.v1`."""

CONTRACTS: Mapping[str, str] = MappingProxyType(
    {
        "adapter": "palate.testing.adapter:AdapterContract",
        "block_transform": "palate.testing.block_transform:BlockTransformContract",
        "encoder": "palate.testing.encoder:EncoderContract",
        "explainer": "palate.testing.explainer:ExplainerContract",
        "fuser": "palate.testing.fuser:FuserContract",
        "listmetric": "palate.testing.metric:ListMetricContract",
        "metric": "palate.testing.metric:MetricContract",
        "reader": "palate.testing.reader:ReaderContract",
        "scorer": "palate.testing.scorer:ScorerContract",
        "selector": "palate.testing.selector:SelectorContract",
        "splitter": "palate.testing.splitter:SplitterContract",
        "tuner": "palate.testing.tuner:TunerContract",
        "user_encoder": "palate.testing.user_encoder:UserEncoderContract",
    }
)
"""Stage of a part -> `module:class` of its contract suite."""

__all__ = [
    "CONTRACTS",
    "ENTRY_POINTS",
    "Adapter",
    "AdditiveScorer",
    "Artefact",
    "BadInput",
    "BadRecipe",
    "Block",
    "BlockTransform",
    "Cases",
    "Catalogue",
    "Coded",
    "DamagedArtefact",
    "DataUnavailable",
    "Dataset",
    "Doubles",
    "Encoder",
    "EnsembleScorer",
    "Event",
    "Executor",
    "Explainer",
    "FeatureTable",
    "Finding",
    "FitContext",
    "Floats",
    "Fuser",
    "FusionReading",
    "Histories",
    "ImportanceEstimate",
    "ImportanceProblem",
    "Interactions",
    "ItemSpace",
    "LabelledRows",
    "LanguageModel",
    "ListMetric",
    "Longs",
    "Mask",
    "Matrix",
    "Metric",
    "MissingExtra",
    "Origin",
    "PalateError",
    "PartState",
    "Portable",
    "Purpose",
    "Ragged",
    "Rankings",
    "Reader",
    "Recommender",
    "Refused",
    "Request",
    "Rows",
    "Scorer",
    "SealedCases",
    "Selector",
    "SeveralProblems",
    "Sparse",
    "Split",
    "Splitter",
    "Storable",
    "TargetRanks",
    "TextSource",
    "Tracker",
    "Training",
    "Tunable",
    "Tuner",
    "TwoSided",
    "UserEncoder",
    "Vocabulary",
    "dense",
    "fitted",
    "generator",
    "has",
    "inverse",
    "l2_normalised",
    "masked",
    "ndcg",
    "nearest",
    "need",
    "parse",
    "positions",
    "raise_all",
    "resolved",
    "seed_of",
    "state_of",
    "top",
]
