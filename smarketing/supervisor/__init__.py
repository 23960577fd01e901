"""What the supervisor needs: its programs, the user they run as, and room on the disk."""
