"""Labels from a person or a model, those first that help most: which items, how good the classifier
is by now, and when it is enough.
"""
