"""What changed about leads takes its way through the flow."""
