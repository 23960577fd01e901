"""One lead's way through the funnel."""
