"""Rules that people write: parsed, checked against what is known, and held against cases."""
