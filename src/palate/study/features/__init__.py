"""Which operators over fields and behaviour help a second stage, tried on validation cases."""
