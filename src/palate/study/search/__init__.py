"""The search for the best recipe: which blocks, which model, which settings, chosen on validation
alone.
"""
