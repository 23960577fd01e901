"""Statistics without a database and without a clock."""
