"""Off-policy evaluation: what another policy would have brought, from the log of one at work."""
