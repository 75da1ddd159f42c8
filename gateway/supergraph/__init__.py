"""The supergraph as a frozen model, who may reach whom in it, and what clients see of it."""
