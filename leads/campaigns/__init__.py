"""What marketing runs."""
