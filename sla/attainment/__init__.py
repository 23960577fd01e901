"""What every clause came to."""
