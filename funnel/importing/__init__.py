"""What files bring of the funnel."""
