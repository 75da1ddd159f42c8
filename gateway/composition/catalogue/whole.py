"""What only the whole supergraph shows."""

from typing import Final

TEXT: Final = r"""
### SATISFIABILITY_ERROR
The subgraphs merge, and yet some field can't be reached by some path. The message shows the
shortest operation, the path, and why each subgraph that resolves the field can't be entered.
-> Give the type a `@key` that the subgraphs on the path can resolve, or let them resolve the field
as `@shareable`.
--- a
type Query { t: T }
type T @shareable { a: Int }
--- b
type T @shareable { a: Int b: Int }

### MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED
There are too many ways through the supergraph to prove it sound.
-> Share fewer fields between fewer subgraphs, or give shared types keys.
=> Only schemas with more than 100 000 states of the proof reach it, too large for an example;
tests/composition/test_catalogue.py lowers the bound instead.

### UNSUPPORTED_FEATURE
Something in the SDL belongs to a feature that composition does not support.
-> Remove it, or say it in another way.
=> Nothing is refused under this code here, and no SDL is known for which Apollo's composer does.
"""
