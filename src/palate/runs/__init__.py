"""Run directories: what lies in one, written and read by the same types, and the one way to open
it.
"""
