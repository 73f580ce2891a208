"""Tuning language models, and their vectors, to a catalogue and to what people did in the training
part.
"""
