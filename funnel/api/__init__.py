"""Opportunities, by programs."""
