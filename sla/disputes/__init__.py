"""Rejections that the offering side disputes."""
