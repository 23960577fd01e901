"""The calendar feed of one person, for their own calendar."""
