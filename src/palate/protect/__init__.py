"""Protection: people's data, harmful output, and the record of what was served."""
