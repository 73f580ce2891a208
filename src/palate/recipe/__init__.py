"""Recipes: their language, their defaults, the graph of their parts, how one is proposed for
data.
"""
