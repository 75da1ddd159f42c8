"""Subgraph models -> `merged.Supergraph`; one file a kind of thing, faults collected on the way."""
