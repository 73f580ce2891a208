"""The live log as the next training set, and what the features are worth on live traffic."""
