"""Disputes: a denial, the parts that institutions give, and the sealed evidence."""
