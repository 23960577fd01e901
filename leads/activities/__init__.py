"""What leads did."""
