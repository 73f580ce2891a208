"""Off-policy evaluation of a log: what another policy would have brought."""
