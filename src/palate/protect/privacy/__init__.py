"""What must not be kept or passed on: personal data in texts and ids."""
