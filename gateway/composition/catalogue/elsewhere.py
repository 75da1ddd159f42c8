"""Codes that Apollo documents beside those of composition, and that composition never gives."""

from typing import Final

TEXT: Final = r"""
### INVALID_FEDERATION_SUPERGRAPH
A gateway was given a supergraph that is none.
-> Compose it anew from the subgraphs.
=> It concerns supergraphs that are read, not made: our gateway says `SUPERGRAPH_INVALID`.

### DOWNSTREAM_SERVICE_ERROR
A subgraph answered an operation with an error of its own.
-> Read the error that the subgraph gave.
=> It belongs to running operations, not to composition: our gateway gives it to a subgraph's error
without a code.
"""
