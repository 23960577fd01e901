"""Leads' activities, by programs."""
