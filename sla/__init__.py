"""What the teams promised each other."""
