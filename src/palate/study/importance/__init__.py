"""Importance of the features of a finished run: methods, estimates, explanations."""
