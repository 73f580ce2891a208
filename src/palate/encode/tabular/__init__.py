"""Encoders of structured fields."""
