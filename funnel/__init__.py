"""Where they stand."""
