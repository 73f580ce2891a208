"""What the features of a finished run are worth: questions, answers, explanations."""
