"""What happens while a clock runs, and when it ran out."""
