"""From a recipe to a run directory: the only package that lets training data meet test data."""
