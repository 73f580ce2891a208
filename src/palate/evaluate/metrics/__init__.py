"""Metrics, one file each.

The list metrics turn `TargetRanks` into one number a case. Their common edges: a case without
targets is NaN and drops out of every mean; an unreachable target (it was seen before) is a miss,
and stays among those wanted; tied items share the mean of their ranks, so a target tied across the
k-th rank counts where that mean is at most k; a list shorter than k is what it is.
"""
