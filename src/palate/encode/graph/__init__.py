"""Encoders of what items are related to: entities that fields name, and walks among them."""
