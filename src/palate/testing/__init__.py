"""Contract suites: what every part of a stage must keep, for plugin authors as for the built-in
parts.

Make a subclass of a suite whose fixture `part` gives your part, and let pytest find it.
"""
