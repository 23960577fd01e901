"""Files as they come: how they are laid out, read as rows, kept, and what a cell says."""
