"""The service level agreement between the teams, and the hand-offs that it governs."""
