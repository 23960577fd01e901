"""The hand-off of a lead from one team to the next, and its timers."""
