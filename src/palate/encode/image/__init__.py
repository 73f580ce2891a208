"""Pictures -> vectors."""
