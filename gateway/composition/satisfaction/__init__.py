"""Proves that every field clients may ask for can be fetched, from every root that leads to it."""
