"""Will this user take this item now? Rows under a global split of time, models on them, and what
features add.
"""

from palate.study.pointwise.compare import PointwiseSettings, compare
from palate.study.pointwise.rows import FeatureSet, PointwiseComparison

__all__ = ["FeatureSet", "PointwiseComparison", "PointwiseSettings", "compare"]
