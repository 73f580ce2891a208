"""Models that come while the service runs: checked, deployed, compared, taken back."""
