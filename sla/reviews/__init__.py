"""The reviews at which both sides look at what they agreed."""
