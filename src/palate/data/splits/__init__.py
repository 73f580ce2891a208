"""Ways to part a log into training part, validation cases and test cases; one file each."""
