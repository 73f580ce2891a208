"""The model of a service, fitted again on what people did since, and let in if it is no worse."""
