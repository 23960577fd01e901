"""The agreement in versions: drafted, proposed, signed, read."""
