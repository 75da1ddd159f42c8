"""Signed heads on their way to chains: what is kept of each, and who drives them."""
