"""What was learnt of the questions, and its arrays and facts in a state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palate.encode.attributes.columns import AttributeColumns
from palate.encode.attributes.records import plain_questions, questions_of
from palate.encode.labels.boosted import Boosted, stored_trees
from palate.encode.labels.calibration import Calibration
from palate.encode.labels.conformal import PredictionSets
from palate.encode.labels.linear import Linear
from palate.encode.labels.self_training import ClassifierKind, LearntLabels, Margins
from palate.encode.labels.text_space import TextSpace
from palate.part_state import PartState, several, texts
from palate.store import digest
from palate.tables.questions import Question


@dataclass(frozen=True, eq=False)
class LearntQuestions:
    """All that was learnt from training items.

    Attributes:
        questions: With their options.
        by_name: Question -> what was learnt of it.
        encoder: Identity of the sentence encoder.
        fitted_on: Digest of the training items and their texts.
        space: From sentence vectors to what is learnt from.
        columns: From probabilities to numbers.
    """

    questions: tuple[Question, ...]
    by_name: Mapping[str, LearntLabels]
    encoder: str
    fitted_on: str
    space: TextSpace
    columns: AttributeColumns = field(default_factory=lambda: AttributeColumns(()))

    def plain(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Arrays and facts of a state."""
        arrays: dict[str, NDArray[Any]] = {
            "middle": self.space.middle.astype(np.float32),
            "directions": self.space.directions.astype(np.float32),
        }
        learnt = []
        for number, question in enumerate(self.questions):
            some, facts = learnt_arrays(f"learnt{number}", self.by_name[question.name])
            arrays |= some
            learnt.append(facts)
        return arrays, {
            "questions": plain_questions(self.questions),
            "columns": self.columns.plain(),
            "learnt": learnt,
            "encoder": self.encoder,
            "fitted_on": self.fitted_on,
        }

    @classmethod
    def of(cls, kept: PartState, kind: ClassifierKind) -> LearntQuestions:
        """What `plain` gave.

        Args:
            kept: The state.
            kind: Of the classifiers.

        Raises:
            BadInput: It is not whole.
        """
        questions = questions_of(kept.fact("questions", list[dict[str, Any]]))
        learnt = kept.fact("learnt", list[dict[str, Any]])
        middle = kept.array("middle", np.float32, None).astype(np.float64)
        directions = kept.array("directions", np.float32, len(middle), None)
        space = TextSpace(middle, directions.astype(np.float64))
        if len(learnt) != len(questions):
            raise kept.damaged("it does not have what was learnt of each question")
        by_name = {
            q.name: learnt_of(kept, f"learnt{j}", learnt[j], kind, space.width)
            for j, q in enumerate(questions)
        }
        columns = AttributeColumns.of(questions, kept.fact("columns", list[dict[str, Any]]))
        encoder, fitted_on = kept.fact("encoder", str), kept.fact("fitted_on", str)
        return cls(questions, by_name, encoder, fitted_on, space, columns)

    def digest(self) -> str:
        """Of everything."""
        arrays, facts = self.plain()
        return digest([{n: a.tolist() for n, a in arrays.items()}, facts])


def learnt_arrays(
    name: str, learnt: LearntLabels
) -> tuple[Mapping[str, NDArray[Any]], Mapping[str, Any]]:
    """Arrays, whose names begin with `name`, and facts."""
    calibration, sets = learnt.calibration, learnt.sets
    arrays: dict[str, NDArray[Any]] = {
        f"{name}_before": calibration.before,
        f"{name}_after": calibration.after,
        **several(f"{name}_strange", sets.strange, np.float64, 2),
    }
    classifiers = (learnt.classifier, *learnt.folds)
    linear = [one for one in classifiers if isinstance(one, Linear)]
    boosted = [one for one in classifiers if isinstance(one, Boosted)]
    if linear:
        arrays |= several(f"{name}_weights", [one.weights for one in linear], np.float64, 2)
    else:
        arrays |= texts(f"{name}_trees", [text for one in boosted for text in one.trees])
    biases = [*(one.biases for one in linear), *(one.biases for one in boosted)]
    arrays |= several(f"{name}_biases", biases, np.float64, 1)
    facts = {
        "kind": learnt.kind,
        "slope": calibration.slope,
        "offset": calibration.offset,
        "alpha": sets.alpha,
        "added": learnt.added,
        "gain": learnt.gain,
        "n_labels": learnt.n_labels,
        "n_picked": learnt.n_picked,
    }
    return arrays, facts


def learnt_of(
    kept: PartState, name: str, facts: Mapping[str, Any], kind: ClassifierKind, width: int
) -> LearntLabels:
    """What `learnt_arrays` gave.

    Args:
        kept: The state.
        name: As it was given.
        facts: Likewise.
        kind: Of the classifiers.
        width: Columns of what they learnt from.

    Raises:
        BadInput: It is not whole.
        DamagedArtefact: Trees are damaged.
    """
    biases = kept.arrays(f"{name}_biases", np.float64, 1)
    found: list[Margins]
    if kind == "linear":
        weights = kept.arrays(f"{name}_weights", np.float64, 2)
        if len(weights) != len(biases):
            raise kept.damaged("a classifier lacks its biases")
        found = [Linear(w, b) for w, b in zip(weights, biases, strict=True)]
    else:
        trees = [t.encode() for t in kept.texts(f"{name}_trees")]
        k = len(biases[0]) if biases else 0
        if len(trees) != k * len(biases):
            raise kept.damaged("a classifier lacks its trees")
        found = [stored_trees(trees[i * k : (i + 1) * k], b, width) for i, b in enumerate(biases)]
    strange = kept.arrays(f"{name}_strange", np.float64, 2)
    if len(found) != len(strange) + 1:
        raise kept.damaged("it does not have a classifier for each fold")
    calibration = Calibration(
        facts["kind"],
        facts["slope"],
        facts["offset"],
        kept.array(f"{name}_before", np.float64, None),
        kept.array(f"{name}_after", np.float64, None),
    )
    sets = PredictionSets(facts["kind"], facts["alpha"], tuple(strange))
    first, *folds = found
    return LearntLabels(
        facts["kind"],
        first,
        calibration,
        tuple(folds),
        sets,
        *(facts[n] for n in ("n_labels", "n_picked", "added", "gain")),
    )
