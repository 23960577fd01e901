"""The forms of a draft, a definition and a signature."""
