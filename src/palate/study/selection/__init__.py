"""Which blocks earn their place: chosen on validation cases, written as a recipe."""
