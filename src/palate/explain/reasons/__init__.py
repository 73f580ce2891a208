"""Reasons that people can read: because you ..., what it shares with that, and what would have to
change.
"""
