"""One file a format: bytes, text or frames -> `Table`."""
