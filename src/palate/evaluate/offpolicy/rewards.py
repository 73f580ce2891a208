"""What an action brings in a context, by a linear model that never learnt from the round itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from palate.arrays import Doubles, Floats, Rows
from palate.errors import BadInput
from palate.evaluate.offpolicy.logged import LoggedActions

_FOLDS = 5


@dataclass(frozen=True, eq=False)
class CrossFitted:
    """A model of rewards for each part of a log, fitted on all others.

    Attributes:
        fold: int32 [n], the part of each round.
        context: float32 [n, d], what was known in it.
        models: Of each part, levels [n_actions] and slopes [d, n_actions].
    """

    fold: Rows
    context: Floats
    models: Sequence[tuple[Doubles, Doubles]]

    def expected(self, rounds: slice | None = None) -> Floats:
        """float32 [n, n_actions], expected rewards of some rounds, or of all."""
        part = slice(None) if rounds is None else rounds
        fold, x = self.fold[part], self.context[part]
        found = np.empty((len(fold), len(self.models[0][0])), np.float32)
        for k, (level, slopes) in enumerate(self.models):
            mine = fold == k
            found[mine] = level + x[mine] @ slopes
        return found


@dataclass(frozen=True)
class LinearRewards:
    """Expected reward = a + b_action + x (c + W e_action), by ridge regression: a level for each
    action, what holds for a context whatever the action, and how context and features of an action
    go together.

    Attributes:
        shrink: Rounds of an average action that an action is mixed with; of all coefficients the
            penalty, > 0.
    """

    shrink: float = 10.0

    def __post_init__(self) -> None:
        if self.shrink <= 0:
            raise BadInput(f"shrink {self.shrink:g}", where="shrink", allowed="above 0")

    def cross_fitted(
        self,
        log: LoggedActions,
        rng: np.random.Generator,
        context: Floats | None = None,
        actions: Floats | None = None,
        folds: int = _FOLDS,
    ) -> CrossFitted:
        """Models of the rewards, so that each round has one that was fitted without the rounds of
        its user.

        Args:
            log: The log.
            rng: Divides the users.
            context: float32 [n, d], what was known in each round.
            actions: float32 [n_actions, m], features of the actions.
            folds: Parts of the log.

        Raises:
            BadInput: Fewer users than folds.

        Cost: (d m + n_actions)^3 once for each fold.
        """
        fold = user_folds(log.user, folds, rng)
        x = np.empty((len(log), 0), np.float32) if context is None else context
        e = np.empty((log.n_actions, 0), np.float32) if actions is None else actions
        learnt = (np.flatnonzero(fold != k) for k in range(folds))
        models = [self._fitted(log.take(rows), x[rows], e) for rows in learnt]
        return CrossFitted(fold, x, models)

    def _fitted(self, log: LoggedActions, x: Floats, e: Floats) -> tuple[Doubles, Doubles]:
        """float64 [n_actions], levels; and [d, n_actions], slopes by context."""
        n_actions, d = log.n_actions, x.shape[1]
        mean = float(log.reward.mean())
        pairs = np.einsum("ij,ik->ijk", x, e[log.action]).reshape(len(x), -1)
        common = np.concatenate([x, pairs], axis=1).astype(np.float64)
        count = np.bincount(log.action, minlength=n_actions) + self.shrink
        sums = _summed(log.action, common, n_actions)
        totals = np.bincount(log.action, log.reward - mean, n_actions)
        # levels of the actions drop out of the normal equations (Frisch, Waugh & Lovell)
        gram = common.T @ common - sums.T @ (sums / count[:, None])
        gram[np.diag_indices_from(gram)] += self.shrink
        right = common.T @ (log.reward - mean) - sums.T @ (totals / count)
        beta = linalg.solve(gram, right, assume_a="pos") if len(right) else right
        level = mean + (totals - sums @ beta) / count
        both = beta[d:].reshape(d, e.shape[1])
        return level, beta[:d, None] + both @ e.T


def user_folds(user: Rows, folds: int, rng: np.random.Generator) -> Rows:
    """int32 [n], the part of each round, 0 to folds - 1; a user's rounds are in one.

    Raises:
        BadInput: Fewer users than folds.
    """
    ids, code = np.unique(user, return_inverse=True)
    if len(ids) < folds:
        raise BadInput(
            f"{len(ids)} users for {folds} folds", where="user", allowed=f"at least {folds}"
        )
    of_user = rng.permutation(len(ids)) % folds
    return np.asarray(of_user[code], np.int32)


def _summed(group: Rows, columns: Doubles, n: int) -> Doubles:
    """float64 [n, k], sums of the columns [len(group), k] by group."""
    sums = [np.bincount(group, column, n) for column in columns.T]
    return np.stack(sums, axis=1) if sums else np.empty((n, 0))
