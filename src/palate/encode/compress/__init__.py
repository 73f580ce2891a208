"""Smaller blocks: codes of a few bytes an item, and what is left of the block after them."""
