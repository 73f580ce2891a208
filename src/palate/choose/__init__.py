"""Which models a recipe gets: tried on validation cases before the trial; of equals the simpler."""
