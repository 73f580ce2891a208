"""From scored candidates to a list: the best first, unlike each other, as varied as a history, or
within limits.
"""
