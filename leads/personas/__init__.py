"""Whom both teams look for."""
