"""What was done, for administrators: the log of access and the changes, searched and taken out."""
