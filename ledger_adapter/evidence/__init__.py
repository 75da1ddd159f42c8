"""What ties a tree head to the world outside the log: whom a verifier trusts, and proofs of chains.

Pure: no network, no clock. The verifiers of chain evidence are not called by a bundle yet.
"""
