"""Exits: of a user, a participant, the project: one plan, taken step by step."""
