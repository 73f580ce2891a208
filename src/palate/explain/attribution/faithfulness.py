"""Whether an attribution is right about the encoder: delete or insert words in its order, and
compare with chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from palate.arrays import Doubles
from palate.explain.attribution.occlusion import ScoreTexts
from palate.explain.attribution.pieces import Attribution, without
from palate.seeding import generator


@dataclass(frozen=True)
class Faithfulness:
    """Areas under the curves of an attribution and of random orders.

    Attributes:
        deletion: Mean score while words are deleted, the most important first: lower is better.
        deletion_random: The same in random orders.
        insertion: Mean score while words are put in, the most important first: higher is better.
        insertion_random: The same in random orders.
        height: Score of the whole text minus that of the text without words.
    """

    deletion: float
    deletion_random: float
    insertion: float
    insertion_random: float
    height: float


def faithfulness(
    attribution: Attribution, score: ScoreTexts, seed: int, random_orders: int = 5, mask: str = ""
) -> Faithfulness:
    """Deletion and insertion curves of an attribution beside those of chance.

    Args:
        attribution: What is examined.
        score: The encoder's scores.
        seed: Seed of the random orders.
        random_orders: How many.
        mask: What is put in the place of a word.

    Cost: one encoding of (n_words + 1) x 2 x (1 + random_orders) texts.

    Petsiuk, Das & Saenko, RISE, BMVC 2018.
    """
    n = len(attribution.pieces)
    rng = generator(seed, "faithfulness", attribution.text)
    orders = [attribution.order(), *(rng.permutation(n).tolist() for _ in range(random_orders))]
    curves = [curve(attribution, order, score, mask) for order in orders]
    # inserting in an order is deleting in the reverse order, read backwards
    inserted = [curve(attribution, order[::-1], score, mask)[::-1] for order in orders]
    areas, grown = [area(c) for c in curves], [area(c) for c in inserted]
    random_areas = (float(np.mean(areas[1:])), float(np.mean(grown[1:])))
    return Faithfulness(
        areas[0], random_areas[0], grown[0], random_areas[1], float(curves[0][0] - curves[0][-1])
    )


def curve(
    attribution: Attribution, order: Sequence[int], score: ScoreTexts, mask: str = ""
) -> Doubles:
    """float64 [n_pieces + 1], the score after deleting the first 0, 1, ... n pieces of `order`."""
    texts = [
        without(attribution.text, attribution.pieces, order[:m], mask)
        for m in range(len(order) + 1)
    ]
    return np.asarray(score(texts), np.float64)


def area(values: Doubles) -> float:
    """Mean height of a curve by the trapezoidal rule."""
    if len(values) == 1:
        return float(values[0])
    # numpy's own function has another name before and after 2.0
    return float(((values[1:] + values[:-1]) / 2).mean())
