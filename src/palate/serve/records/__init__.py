"""What a running service was given of items and users: fields, and what is hidden or deleted."""
