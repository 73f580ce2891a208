"""Traffic that is split between deployed models, and what comes of it."""
