"""Audit: every business event with its proof, timelines, trust register, supervision feed."""
