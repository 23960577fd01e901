"""Notices by chat."""
