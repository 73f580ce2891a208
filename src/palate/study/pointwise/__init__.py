"""Will this user take this item now? Rows under a global split of time, models on them, and what
features add.
"""

from palate.study.pointwise.compare import PointwiseComparison, PointwiseSettings, compare

__all__ = ["PointwiseComparison", "PointwiseSettings", "compare"]
