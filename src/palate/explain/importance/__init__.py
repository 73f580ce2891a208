"""Importance of blocks, fields and columns: several questions, each answered with an interval."""
