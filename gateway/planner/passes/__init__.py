"""Passes over what was chosen, each a function in a file named after what it does."""
