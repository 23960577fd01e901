"""How a score model is changed, and tried."""
