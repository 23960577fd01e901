"""The kinds of rows that this app imports."""
