"""Reviews of the agreement."""
