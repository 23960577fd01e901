"""The flow that changed leads take, and the background work that drives it."""
