"""Lists that were served, kept for a while with the features as they were at that moment."""
