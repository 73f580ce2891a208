"""Why: what features look like and how important they are. Everything here returns data and draws
nothing.
"""
