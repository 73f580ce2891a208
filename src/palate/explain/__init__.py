"""Why: what features look like and what they are worth. Everything here returns data and draws
nothing.
"""
