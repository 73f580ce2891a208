"""The answers: a run's model over the catalogue as it is now, for histories as they are now."""
