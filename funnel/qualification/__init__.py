"""What makes a lead move on by itself."""
