"""Data on the way in and out: readers, checks, cleaning, splits, known sets, export."""
