"""Questions to data and runs: importance, selection, search, pointwise comparisons, proofs."""
