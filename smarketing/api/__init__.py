"""What every endpoint of the API stands on."""
