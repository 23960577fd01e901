"""What waits for a rep."""
