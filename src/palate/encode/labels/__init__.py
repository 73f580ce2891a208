"""Labels for all items out of a few: what a person or a model said of some, and how sure one can be
of the others.
"""
