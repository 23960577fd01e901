"""Disputes of rejections, raised by the team that offered the lead."""
