"""Files of rows on their way in: read, mapped, checked, and brought in set at a time."""
