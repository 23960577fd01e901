"""The pages of the agreement and of what it names."""
