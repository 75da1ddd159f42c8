"""Complaints: their channels, who leads, when progress is due, and who is reminded."""
