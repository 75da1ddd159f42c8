"""The verifier subgraph: institutions that ask for proofs, check, decide and watch them."""
