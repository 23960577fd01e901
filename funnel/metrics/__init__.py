"""The numbers of the funnel."""
