"""What a fitted model loses when values change hands: the numeric core of importance and of
selection.
"""
