"""FISCO BCOS 3.x by its native RPC: experimental, reads receipt proofs, sends nothing."""
