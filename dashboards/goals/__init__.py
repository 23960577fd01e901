"""The goals that both teams share."""
