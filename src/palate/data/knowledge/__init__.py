"""Triples from files, the entities that items are, and what is known of them as fields."""
