"""Models that make lists item by item: each item is chosen knowing those above it.

A generator learns from what people did in order; adversarial training, group-relative policy
optimisation and an evaluator of whole lists go on from there.
"""
