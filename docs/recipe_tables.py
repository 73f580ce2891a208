"""Tables of every key of a recipe, section by section, from the settings themselves."""

from __future__ import annotations

import part_tables

from palate import registry
from palate.data.clean import CleanSettings
from palate.data.settings import DataSettings
from palate.recipe import settings
from palate.recipe.blocks import STEPS
from palate.recipe.policy import PolicySettings
from palate.recipe.recipe import SECTIONS
from palate.recipe.slate import SlateSettings

HEAD = ("| key | takes | default | meaning |", "|---|---|---|---|")

SETTINGS: dict[str, type] = {
    "data": DataSettings,
    "clean": CleanSettings,
    "budget": settings.BudgetSettings,
    "protect": settings.ProtectSettings,
    "card": settings.CardSettings,
    "choose": settings.ChooseSettings,
    "policy": PolicySettings,
    "slate": SlateSettings,
    "evaluate": settings.EvaluateSettings,
    "report": settings.ReportSettings,
    "execute": settings.ExecuteSettings,
    "protocol": settings.ProtocolSettings,
    "search": settings.SearchSettings,
    "track": settings.TrackSettings,
}
"""Section -> its settings."""

STAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "split": ("split", ("splitter",)),
    "blocks": ("blocks.NAME", ("encoder", "fuser")),
    "users": ("users.NAME", ("user_encoder",)),
    "models": ("models.NAME", ("scorer",)),
}
"""Section -> the table that names a part, and the stages of which it may be."""

MEANINGS = {
    "data": "What is read; paths start from the recipe's folder.",
    "clean": "What is left out or repaired before anything else.",
    "split": "What models learn from, and what they are tested on.",
    "rules": "Rules, which become blocks `rule.NAME`; models of `model.rules.v1` follow them.",
    "blocks": "Features of the items, one table a block: an encoder, or a fuser of other blocks.",
    "users": "Features of the users, for models that read them.",
    "models": "What is compared, one table a model, in this order.",
    "budget": "How long a run may take.",
    "choose": "Models are tried on validation cases before the run, and the best are taken.",
    "policy": "What a service shows out of what a model would show; see [policies](policies.md).",
    "slate": "How lists are put together from a model's best items; see [slates](slates.md).",
    "evaluate": "How models are measured.",
    "report": "What the page shows.",
    "execute": "Where repetitions and encoding run.",
    "protocol": "Which published protocol the recipe follows.",
    "search": "What `palate search` tries.",
    "track": "Who watches models learn.",
    "protect": "What of people is left out of everything; see [protection](protection.md).",
    "card": "What the owner states for the model card and the data sheet; see"
    " [protection](protection.md).",
}
"""Section -> what it is for."""

RULES = (
    "| `NAME` | text | needed | `if CONDITION then EFFECT`; see [knowledge](knowledge.md) |",
    "| `hierarchy` | table of tables | `{}` | What lies below what, field by field:"
    " `[rules.hierarchy.FIELD]` with `PARENT = [CHILDREN]` |",
)
"""The keys of `[rules]`."""

ALONE = (
    ("name", "text", "the file's name", "Name of the run's folder."),
    ("seed", "whole number", "`0`", "Seed of everything that is random."),
    ("reasons", "list of text", "`[]`", "Why the recipe is as it is; shown in the report."),
    (
        "extends",
        "text",
        "left out",
        "A recipe that this one builds on; see [recipes that build on others](recipes.md).",
    ),
    ("drop", "list of text", "`[]`", "Dotted keys that are not inherited from it."),
)
"""Keys that stand in no section."""


def all_keys() -> str:
    """Every section with all its keys, in the order in which a recipe is written."""
    alone = ["| " + " | ".join((f"`{key}`", *rest)) + " |" for key, *rest in ALONE]
    sections = [name for name in SECTIONS if name in MEANINGS]
    return "\n\n".join(["\n".join([*HEAD, *alone]), *map(section, sections)])


def section(name: str) -> str:
    """One section: what it is for, then a table of its keys or of the parts that it may name."""
    if name == "rules":
        table = "\n".join([*HEAD, *RULES])
        return f"### `[{name}]`\n\n{MEANINGS[name]}\n\n{table}"
    if name in SETTINGS:
        table = "\n".join([*HEAD, *part_tables.rows(SETTINGS[name])])
        return f"### `[{name}]`\n\n{MEANINGS[name]}\n\n{table}"
    shown, stages = STAGES[name]
    return f"### `[{shown}]`\n\n{MEANINGS[name]}\n\n{_named_part(name, stages)}"


def _named_part(name: str, stages: tuple[str, ...]) -> str:
    lines = [
        *HEAD,
        f"| `part` | {_choices(stages)} | needed | The part; its other keys are its settings |",
    ]
    if name == "blocks":
        for key, kinds in STEPS.items():
            meaning = f"Steps `[[blocks.NAME.{key}]]`, each with a `part` and its settings"
            lines.append(f"| `{key}` | list of tables: {_choices(kinds)} | `[]` | {meaning} |")
    return "\n".join(lines)


def _choices(stages: tuple[str, ...]) -> str:
    """Names of all parts of these stages, each with a link to its settings."""
    found = [name for stage in stages for name in registry.names(stage)]
    return ", ".join(f"[`{part}`](parts.md#{part.replace('.', '')})" for part in found)
