"""SDL of one subgraph -> `model.Subgraph`: links, validity, types, federation 1 upgraded."""
