"""One file a format: a frame -> bytes on disk, in one step each."""
