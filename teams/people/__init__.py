"""The people who work here: invited, changed, deactivated, in teams, and each one's own settings."""
