"""The Python face: `palate.read`, `palate.run`, `palate.Run`."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
from collections.abc import Collection
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
from markupsafe import Markup

from palate.data.assemble import read_frames, read_new_items, read_unseen_frames
from palate.data.settings import DataSettings, Fault
from palate.errors import BadInput, BadRecipe, PalateError
from palate.pipeline.run import run as run_recipe
from palate.pipeline.wishes import (
    Where,
    candidates,
    denied,
    length_of,
    lists,
    requests,
    seen_rule,
    wanted_lists,
)
from palate.progress import Progress
from palate.protect.privacy.dataset import scrubbed_fields
from palate.recipe.propose import guessed_recipe
from palate.recipe.recipe import Recipe, load, parse
from palate.recommend import ExhaustiveRecommender
from palate.report import draw
from palate.report.card import card
from palate.runs import files
from palate.runs.documents import Summary
from palate.runs.forget import Erasure, forget
from palate.runs.frames import frame
from palate.runs.manifest import check_there, unfinished
from palate.runs.open import OpenedRun, open_run
from palate.runs.slate import recommender_of
from palate.tables import Dataset

__all__ = ["Run", "read", "run"]

Frame = Any
"""A polars or pandas frame, or the path of a file."""


@dataclasses.dataclass(frozen=True)
class Source:
    """What `read` gives.

    Attributes:
        data: The data.
        pandas: Whether its frames were pandas, so that results come back alike.
        left_out: Faults whose few rows were left out because nothing was said of them; a recipe
            that is given with the data has to name them in `drop`.
    """

    data: Dataset
    pandas: bool = False
    left_out: tuple[Fault, ...] = ()


def read(
    interactions: Frame, items: Frame | None = None, users: Frame | None = None, **settings: Any
) -> Source:
    """Read a log and a catalogue.

    A few faulty rows (without a rating where the others have one, say) are left out, and
    `Source.data.guesses` says which; `drop=[]` refuses them instead.

    Args:
        interactions: Who did what: a polars (also lazy) or pandas frame, an Arrow table or reader
            (of pyarrow, DuckDB or whatever has `__arrow_c_stream__`), a path, or the address of a
            table in a database.
        items: What is known of the items, likewise; optional.
        users: What is known of the users, likewise; optional.
        **settings: Keys of the recipe's section `[data]`, e.g. `item_column="sku"`.

    Raises:
        BadInput: The data cannot be read or understood; the message says where.

    >>> import polars as pl
    >>> log = pl.DataFrame({"user_id": ["u", "u", "v"], "item_id": ["a", "b", "a"]})
    >>> len(read(log).data.interactions)
    3
    """
    from palate import config

    parsed = config.parse(DataSettings, settings, "data")
    pandas = any(_is_pandas(f) for f in (interactions, items, users))
    if "drop" in settings:
        return Source(read_frames(interactions, items, users, parsed), pandas)
    data, used = read_unseen_frames(interactions, items, users, parsed)
    return Source(data, pandas, used.drop)


def run(
    data: Source | None = None,
    recipe: str | Path | dict[str, Any] | None = None,
    *,
    folder: str | Path | None = None,
    progress: Progress | None = None,
    **overrides: Any,
) -> Run:
    """Encode, fit, compare and report.

    Args:
        data: What `read` gave; without it the recipe says what to read.
        recipe: A path, or a table; without it one is guessed from the data.
        folder: The run directory; `runs/NAME` if not given.
        progress: Receives the stages.
        **overrides: Dotted recipe keys with `__` for the dot, e.g. `evaluate__seeds=3`.

    Raises:
        PalateError: Bad input or a recipe that is not understood; rows were left out in reading and
            the given recipe does not name their faults in `drop`.
    """
    chosen = _recipe(data, recipe, overrides)
    if data is not None:
        _refuse_silent_loss(data, chosen)
    place = Path(folder) if folder is not None else Path("runs") / chosen.name
    run_recipe(chosen, place, None if data is None else data.data, progress)
    return Run(place, pandas=data is not None and data.pandas)


def _recipe(
    data: Source | None, recipe: str | Path | dict[str, Any] | None, overrides: dict[str, Any]
) -> Recipe:
    if recipe is None and data is None:
        raise BadRecipe(
            "neither data nor a recipe was given",
            next_step="palate.run(palate.read(...)), or recipe=PATH",
        )
    texts = [f"{key.replace('__', '.')}={_toml(value)}" for key, value in overrides.items()]
    if isinstance(recipe, (str, Path)):
        return load(Path(recipe), texts)
    if recipe is None and data is not None:
        recipe = guessed_recipe(data.data, left_out=data.left_out)
    return parse(dict(recipe or {}), Path.cwd(), overrides=texts)


def _refuse_silent_loss(data: Source, recipe: Recipe) -> None:
    absent = [fault for fault in data.left_out if fault not in recipe.data.drop]
    if absent:
        raise BadInput(
            f"reading left out rows with {' and '.join(absent)}, and the recipe does not",
            where="data.drop",
            allowed="a recipe that names what is left out, or data without such rows",
            next_step=f"palate.read(..., drop={list(data.left_out)}), or drop = "
            f"{json.dumps(list(data.left_out))} in the recipe's [data]",
        )


def _toml(value: Any) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value)


class Run:
    """A run directory, opened.

    Args:
        folder: The directory that `palate run` or `palate.run` wrote.
        pandas: Give pandas frames instead of polars ones.

    Raises:
        BadInput: The directory holds no run. One that did not finish can be looked at (`unfinished`
            says why), and everything that reads it refuses.
    """

    def __init__(self, folder: str | Path, *, pandas: bool = False) -> None:
        self.folder = Path(folder)
        self.pandas = pandas
        check_there(self.folder)

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r}{', unfinished' if self.unfinished else ''})"

    def _repr_html_(self) -> str:
        """What a notebook shows; of a run that cannot be read, why."""
        try:
            board = self._opened.rows(files.LEADERBOARD)
            return card(self.folder, self.summary, board)
        except PalateError as error:
            return str(Markup("<pre>{}</pre>").format(f"{self!r}\n{error}"))

    @property
    def unfinished(self) -> str:
        """Why this is no complete run, in a sentence; empty for a complete one."""
        return unfinished(self.folder)

    @property
    def recipe(self) -> Recipe:
        """The recipe, with every setting that was in force."""
        return self._opened.recipe

    @cached_property
    def summary(self) -> Summary:
        """The headline, its details and key figures."""
        return self._opened.rows(files.SUMMARY)

    def leaderboard(self) -> Any:
        """Frame {model, slice, metric, value, low, high, n_users, seconds, kind, variant_of,
        variant_kind, variant_changed, source}.
        """
        rows = self._opened.rows(files.LEADERBOARD)
        return self._given(frame(rows))

    def comparisons(self) -> Any:
        """Frame {a, b, metric, slice, difference, low, high, p, p_adjusted, n_users, purpose}, and
        {a_variant_of, a_variant_kind, a_variant_changed} of `a`, and likewise of `b`.
        """
        rows = self._opened.rows(files.COMPARISONS)
        return self._given(frame(rows))

    def importance(self) -> Any:
        """Frame {block, method, question, metric, value, low, high, p, verdict, seconds, bytes,
        level, model_of, model_kind, model_changed}.
        """
        rows = self._opened.rows(files.IMPORTANCE)
        return self._given(frame(rows))

    def report(self, *, browser: bool = True, language: str = "") -> Path:
        """The path of report.html; opened in the browser unless that is switched off.

        Args:
            browser: Open it.
            language: Draw it again in this language ("en" or "zh"); by default it is as it is.

        Raises:
            BadInput: palate does not speak the language.
        """
        path = draw(self.folder, language=language) if language else self.folder / "report.html"
        if browser:
            import webbrowser

            webbrowser.open(path.resolve().as_uri())
        return path

    def recommend(  # noqa: PLR0913 - each is a wish of its own
        self,
        user: Any = None,
        k: int = 10,
        model: str = "",
        *,
        history: Any = None,
        like: Any = None,
        where: Where | None = None,
        allow: Any = None,
        deny: Any = None,
        seen: Literal["", "mask", "allow"] = "",
        new_items: Frame | None = None,
    ) -> Any:
        """The first k items for one or many users, for given histories, or like an item; of the
        model that the recipe's `[slate]` was measured on, as the slate puts them together.

        Args:
            user: An id of the log, or many (a list, an array, a column).
            k: How many, at least 1.
            model: Which model of the recipe; empty for the one of the headline.
            history: Items that somebody took, oldest first, in place of what the log says; so new
                users and sessions are served. A list of ids, a list of such lists, or a mapping
                from users to lists.
            like: An item, or many, in place of users: what the model recommends to who took that
                item alone.
            where: Only items with these values: a mapping from fields of the catalogue to a value
                or a list of values, or a polars expression over the fields; or a list of these.
            allow: Ids of the only items that may be recommended; unknown ones are passed over.
            deny: Ids of items that may not; unknown ones are passed over.
            seen: Whether items of the history are left out ("mask") or may come again ("allow");
                empty for what the recipe's split says.
            new_items: Items that came after the run, as a frame or a path of ids and fields; a
                model that reads content ranks them by it, any other after all it knows.

        Returns:
            Frame {user_id, item_id, title, score, rank}; `session` (numbers from 1 on) or `like` in
            place of user_id where there are no users; no `title` where the catalogue has none. Ids
            are of the type that the log had: whole numbers or texts.

        Raises:
            BadInput: A user, item, model or field is unknown, k is no whole number from 1 on, or a
                new item is none.

        Cost: all items are scored for each list, 512 lists at a time.
        """
        k = length_of(k)
        data = self._opened.data
        catalogue, log = data.catalogue, data.interactions
        name = model or self.summary.best_model
        scorer = self._opened.scorer(name)
        if new_items is not None:
            catalogue = read_new_items(catalogue, new_items, self.recipe.data)
            fields = scrubbed_fields(catalogue.fields, self.recipe.protect.kinds)
            catalogue = dataclasses.replace(catalogue, fields=fields)
            scorer = self._opened.grown(name, catalogue)
        wanted = wanted_lists(log, catalogue.items, user, history, like)
        recommender = (
            ExhaustiveRecommender(scorer, len(catalogue))
            if like is not None  # of like items, none is left out for being like another
            else recommender_of(self._opened, name, catalogue, scorer)
        )
        found = recommender.recommend(
            requests(
                wanted,
                seen_rule(seen, self.recipe.split),
                candidates(catalogue, where, allow),
                np.concatenate([self._opened.forgotten_items, denied(catalogue, deny)]),
            ),
            min(k, len(catalogue)),
        )
        title = self.recipe.report.title_field
        return self._given(lists(found, wanted, catalogue, data.id_types, title))

    def forget(self, users: Collection[str] = (), items: Collection[str] = ()) -> Erasure:
        """Take users and items out of the run's files; what models learnt from them stays in them.

        Args:
            users: Ids of users.
            items: Ids of items, which are never recommended from now on.

        Returns:
            What was done, and which models still hold an influence; see
            `palate.runs.forget.forget`.

        Raises:
            BadInput: The run is not complete, or an id is not one of its log.
        """
        done = forget(self.folder, users, items, redraw=draw)
        self.__dict__.pop("_opened", None)
        return done

    @cached_property
    def _opened(self) -> OpenedRun:
        return open_run(self.folder)

    def _given(self, frame: pl.DataFrame) -> Any:
        if not self.pandas:
            return frame
        import pandas as pd

        return pd.DataFrame({column: frame[column].to_list() for column in frame.columns})


def _is_pandas(frame: Any) -> bool:
    if importlib.util.find_spec("pandas") is None or isinstance(
        frame, (str, Path, pl.DataFrame, type(None))
    ):
        return False
    return type(frame).__module__.split(".")[0] == "pandas"
