"""The questions that can be put to a block of features: one name and one sentence each.

The report, `palate importance` and `palate select` share them. Only `DROPPED` decides on a block
where it was asked: it alone compares two whole models that one could have.
"""

from __future__ import annotations

PERMUTED = "permutation"
"""The block's values change hands; the fitted model stays."""
USES = "Does the model use it?"
DROPPED = "drop and refit"
"""The same model without the block, its weights chosen again, on the same cases."""
REMAINS = "Is the model worse without it, its weights chosen again?"
CONDITIONAL = "conditional permutation"
"""Only what the other blocks cannot predict changes hands."""
CARRIES = "Does it carry what the others don't?"
SHARED_OUT = "shapley"
"""The gain of all blocks together, shared out."""
SHARE = "What is its fair share of the whole?"
NEARNESS = "cosine to behaviour"
"""The content of what people choose next beside that of their history; no model is asked."""
NEAR = "Is what people choose next nearer to their history than another item is?"
