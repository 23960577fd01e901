"""Who they are and what they did."""
