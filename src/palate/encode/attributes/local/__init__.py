"""Providers that answer on this machine without a language model that writes: counts, a dictionary,
classifiers over sentence vectors, lexicons.
"""
