"""The report: one self-contained page drawn from the files of a run directory, and from nothing
else.
"""

from palate.report.page import draw, render

__all__ = ["draw", "render"]
