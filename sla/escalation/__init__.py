"""Escalation: the steps of a policy while a timer runs, and the breach when it falls due."""
