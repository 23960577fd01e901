"""What both sides promised, and what it came to."""
