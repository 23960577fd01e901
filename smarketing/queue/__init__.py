"""The queue: how it is set up, and how it is woken."""
