"""The calendar feed of one person."""
