"""Several blocks of the same items into one, by operators that differ in how much each block
counts.
"""
