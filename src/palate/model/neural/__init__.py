"""Models trained by gradient descent: one training loop, plain parameter dictionaries, no pickled
modules.
"""
