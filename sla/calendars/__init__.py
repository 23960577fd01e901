"""When the clocks of our promises run, and when people are there."""
