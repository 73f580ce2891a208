"""From a recipe to a run directory: the only package that looks parts up and lets train meet test."""
