"""`@override`: fields that move from one subgraph to another."""

from typing import Final

TEXT: Final = r"""
### OVERRIDE_FROM_SELF_ERROR
`@override(from:)` names the subgraph it stands in.
-> Name the subgraph from which the field moves.
--- a
type Query { q: Int @override(from: "a") }

### OVERRIDE_SOURCE_HAS_OVERRIDE
Two subgraphs override the same field.
-> Keep `@override` only where the field is to go.
--- a
type Query { q: Int }
type T @key(fields: "id") { id: ID! x: Int @override(from: "b") }
--- b
type T @key(fields: "id") { id: ID! x: Int @override(from: "a") }

### OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE
An overridden or overriding field is `@external`, or carries `@provides` or `@requires` in a way
that can't move.
-> Remove the other directive, or move the field by hand.
--- a
type Query { q: Int }
type T @key(fields: "id") { id: ID! y: Int @external x: Int @requires(fields: "y") }
--- b
type T @key(fields: "id") { id: ID! y: Int x: Int @override(from: "a") }

### OVERRIDE_ON_INTERFACE
A field of an interface carries `@override`.
-> Put `@override` on the fields of the object types.
--- a
type Query { q: Int }
interface I { a: Int @override(from: "b") }
type T implements I { a: Int }
--- b
type Query { p: Int }

### OVERRIDE_LABEL_INVALID
The label of an `@override` is no name that a release tool could set.
-> Write `percent(5)`, or letters, digits and `_-:./` beginning with a letter.
--- a
type Query { q: Int @override(from: "b", label: "1 2") }
--- b
type Query { q: Int }
"""
