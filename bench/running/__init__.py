"""What only a running product shows: how long an event takes, and how much memory its programs hold."""
