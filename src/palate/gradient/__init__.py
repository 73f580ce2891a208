"""Learning by gradient descent, for models and for adaptation: torch without global state, and the
one loop.
"""
