"""Chains that hold log heads. `port.py` is what each of them offers; one contract suite for all."""
