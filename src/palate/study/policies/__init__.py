"""Policies compared before anyone sees them."""
