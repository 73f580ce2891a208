"""Refit: a service's model fitted again on what people did since; let in if it is no worse."""
