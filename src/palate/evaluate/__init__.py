"""How good the answers are: ranking, metrics, slices, intervals, paired tests, controls, leak
checks.
"""
