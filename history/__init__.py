"""What changed: the past of every record."""
