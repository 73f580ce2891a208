"""What blocks, fields and columns are worth: several questions, each answered with an interval."""
