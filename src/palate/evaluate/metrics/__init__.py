"""Metrics, one file each.

The list metrics turn `TargetRanks` into one number a case. Their common edges: a case without
targets is NaN and drops out of every mean; an unreachable target (it was seen before) is a miss,
and stays among those wanted; the figure of a case is the average over all orders of tied items, in
version 1 that of their mean rank; a list shorter than k is what it is. Metrics of whole lists
(coverage, novelty) see one order: of tied items the lower row comes first.
"""
