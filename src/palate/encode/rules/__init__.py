"""What rules say of single items."""
