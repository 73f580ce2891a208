"""Named features that a person can read: what is wanted of an item's texts, and who answers."""
