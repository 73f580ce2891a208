"""The log of events: everything that is known of what people did since the run, in order."""
