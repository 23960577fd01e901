"""Leads and their activities, by programs."""
