"""Runs a plan over the `SubgraphClient` port: no schema, no socket, no request of its own."""
