"""Sounds -> vectors."""
