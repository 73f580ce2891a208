"""What the log of events comes to: recent histories and counters, always those of a fold over the
whole log.
"""
