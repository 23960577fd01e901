"""The first page, and the counts beside the navigation."""
