"""A user's history -> Z_U, a row in the space of the items, from what the history says and nothing
else.
"""
