"""Effects of causes from logs: what a treatment changes, under assumptions that are stated and
checked as far as data can check them.
"""
