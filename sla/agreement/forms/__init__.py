"""What people type into a draft."""
