"""Policies at work: lists are drawn, what was drawn is kept, and what came of it is learnt from."""
