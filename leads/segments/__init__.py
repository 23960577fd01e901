"""Saved questions about leads."""
