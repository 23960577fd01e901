"""Where static files come from, and how they are kept for production."""
