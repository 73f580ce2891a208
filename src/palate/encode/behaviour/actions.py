"""The actions that a user encoder is asked to tell apart, against those that the log has."""

from __future__ import annotations

from collections.abc import Collection

from palate.errors import BadRecipe, Refused, nearest
from palate.tables import Interactions


def check_actions(log: Interactions, names: Collection[str], where: str) -> None:
    """Say so if a log does not have some actions; no names, no questions.

    Args:
        log: The training part.
        names: Actions that the settings name.
        where: The setting, for the messages.

    Raises:
        Refused: The log has no actions.
        BadRecipe: It has others; or a name comes twice.
    """
    if not names:
        return
    if log.action is None:
        raise Refused(
            "the log does not say what was done",
            where=where,
            next_step='give the log a column of actions: [data] action_column = "..."',
        )
    if len(set(names)) < len(names):
        raise BadRecipe("an action comes twice", where=where, allowed="each action once")
    unknown = [name for name in names if name not in log.action.names]
    if unknown:
        raise BadRecipe(
            f'the log has no action "{unknown[0]}"',
            where=where,
            allowed=", ".join(log.action.names[:20]),
            next_step=nearest(unknown[0], log.action.names),
        )
