"""How well they fit and how keen they are."""
