"""From the folder of a service to what the next run learns from, and to what its features are worth
now.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import polars as pl

from palate import store
from palate.data.writers.parquet import write_parquet
from palate.errors import BadInput, nearest
from palate.progress import Progress, Silent, Stopwatch
from palate.recipe.metrics import is_list_metric
from palate.runs.open import OpenedRun, open_run
from palate.serve.engine.block_rows import rows_now
from palate.serve.engine.encoding import Encoding
from palate.serve.engine.histories import RunHistories
from palate.serve.engine.items import Items
from palate.serve.feedback.importance_change import ImportanceChange, importance_change
from palate.serve.feedback.impressions import feature_frame, impressions
from palate.serve.feedback.live_cases import live_cases
from palate.serve.feedback.live_data import LiveData, read_live
from palate.serve.feedback.next_log import (
    ITEMS,
    LOG,
    RECIPE,
    catalogue_frame,
    catalogue_now,
    next_log,
    write_recipe,
)
from palate.serve.served.feature_rows import FeatureRow, row_of
from palate.serve.stores import StoreSettings
from palate.study.block_answers import examined

FILES: Final = StoreSettings()
"""Of a service whose stores are files."""

IMPRESSIONS, FEATURES, REPORT = "impressions.parquet", "features.parquet", "feedback.json"

CAUTION: Final = (
    "People could only take what they found: live cases follow what the service showed, so a block"
    " that the model leans on may look better here than it is. Both sides ask the model as the run"
    " left it."
)


@dataclass(frozen=True)
class FeedbackOptions:
    """How importance is compared.

    Attributes:
        model: The model; empty: the one that `palate importance` would ask.
        metric: The metric; empty: the run's primary one.
        cases: Most cases of each side.
    """

    model: str = ""
    metric: str = ""
    cases: int = 2000


@dataclass(frozen=True)
class Feedback:
    """What was written, and what was found.

    Attributes:
        files: What lies in the folder.
        events: Events of the live log.
        log_rows: Rows of the next log, those of the run too.
        left_out: Live events without a time, for which a log with times has no place.
        items: Items of the next catalogue.
        lists: Lists that were served and kept.
        impressions: Items that were shown in them.
        answered: Those of them after which somebody took the item.
        rows: Different rows of features.
        uncertain: Impressions without features: the item was being changed.
        changed_rows: Of the rows of items that were shown, those that the encoders make otherwise
            today, since the item was changed: training on today's would have been skewed.
        unknown_items: Live events with items that came after the run.
        repeated: Live events with items that are never recommended again.
        first: Live events of people of whom nothing was known.
        importance: What the blocks are worth now.
        caution: How to read it.
    """

    files: tuple[str, ...]
    events: int
    log_rows: int
    left_out: int
    items: int
    lists: int
    impressions: int
    answered: int
    rows: int
    uncertain: int
    changed_rows: int
    unknown_items: int
    repeated: int
    first: int
    importance: ImportanceChange
    caution: str = CAUTION


def feedback(
    run: Path,
    data: Path | None,
    out: Path,
    options: FeedbackOptions | None = None,
    progress: Progress | None = None,
    where: StoreSettings = FILES,
) -> Feedback:
    """Write the next training set, and compare importance.

    Args:
        run: The run that was served.
        data: The folder of its service, which must rest; or a copy of it. None: as `where` says.
        out: Where the files go; made if it is not there, replaced if it is.
        options: See there.
        progress: Receives the stages.
        where: The PostgreSQL of services that share it, which may go on meanwhile.

    Returns:
        What `feedback.json` says.

    Raises:
        BadInput: There is no run, no log, no such model or metric.
        Conflict: A service uses the folder.
        Unavailable: The server does not answer.
    """
    options = options or FeedbackOptions()
    watch = Stopwatch(progress or Silent())
    with watch.stage("read the run and the live log"):
        opened = open_run(run)
        model, metric = _chosen(opened, options)
        live = read_live(data, where)
        no_interest = RunHistories(opened.data.interactions).leave_out
    with watch.stage("write the training set"):
        out.mkdir(parents=True, exist_ok=True)
        log, left_out = next_log(opened, live, no_interest)
        items = catalogue_now(opened, live)
        shown = impressions(live.lists, live.events, no_interest)
        catalogue = catalogue_frame(items)
        written: Mapping[str, pl.DataFrame] = {
            LOG: log,
            ITEMS: catalogue,
            IMPRESSIONS: shown,
            FEATURES: feature_frame(live.rows),
        }
        for name, frame in written.items():
            write_parquet(frame, out / name)
        write_recipe(opened, out)
    with watch.stage("compare rows"):
        changed = _changed_rows(opened, live, items)
    with watch.stage("compare importance"):
        cases = live_cases(opened, live, options.cases)
        change = importance_change(opened, model, metric, cases, options.cases)
    uncertain = sum(
        len(item.features) < len(one.blocks) for one in live.lists for item in one.items
    )
    found = Feedback(
        (*written, RECIPE, REPORT),
        len(live.events),
        log.height,
        left_out,
        catalogue.height,
        len(live.lists),
        shown.height,
        shown.filter(pl.col("value") > 0).height,
        len(live.rows),
        uncertain,
        changed,
        cases.unknown_items,
        cases.repeated,
        cases.first,
        change,
    )
    store.write_text(out / REPORT, json.dumps(asdict(found), indent=1))
    return found


def _chosen(opened: OpenedRun, options: FeedbackOptions) -> tuple[str, str]:
    models = opened.recipe.models
    model = options.model or examined(opened)
    if model not in models:
        raise BadInput(
            f'the run has no model "{model}"',
            where="--model",
            allowed=", ".join(models),
            next_step=nearest(model, models),
        )
    metric = options.metric or opened.recipe.evaluate.primary
    if is_list_metric(metric):
        raise BadInput(
            f'"{metric}" looks at whole lists, not at what people chose',
            where="--metric",
            allowed="a metric of the targets, such as ndcg@10, recall@10 or auc",
        )
    return model, metric


def _changed_rows(opened: OpenedRun, live: LiveData, items: Items) -> int:
    """Rows that were served and are no longer what the encoders make of their item."""
    served: dict[str, dict[str, set[bytes]]] = {}
    for one in live.lists:
        for item in one.items:
            for block, digest in zip(one.blocks, item.features, strict=False):
                served.setdefault(block, {}).setdefault(item.item, set()).add(digest)
    return sum(
        _otherwise(opened, items, block, digests)
        for block, digests in served.items()
        if block in opened.recipe.blocks
    )


def _otherwise(
    opened: OpenedRun, items: Items, name: str, digests: Mapping[str, set[bytes]]
) -> int:
    block, _ = rows_now(opened.fitted.blocks[name], items, Encoding(seconds=3600.0))
    changed = 0
    for item, known in digests.items():
        row = items.catalogue.items.row_of.get(item)
        now: Sequence[FeatureRow] = [] if row is None else [row_of(block, row)]
        changed += len(known - {one.digest for one in now})
    return changed
