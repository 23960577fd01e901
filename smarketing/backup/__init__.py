"""A backup: everything that the product keeps, in one file, and the way back. See docs/running.md."""
