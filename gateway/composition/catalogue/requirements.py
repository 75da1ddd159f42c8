"""`@requires`, `@provides` and `@external`: fields that belong to others."""

from typing import Final

TEXT: Final = r"""
### REQUIRES_INVALID_FIELDS
The fields of a `@requires` are no selection of fields that the type has in this subgraph.
-> Name fields of the type, and declare each here as `@external`.
--- a
type Query { q: Int }
type T @key(fields: "id") { id: ID! a: Int @requires(fields: "x") }

### REQUIRES_INVALID_FIELDS_TYPE
The `fields` of a `@requires` is no string.
-> Write `@requires(fields: "weight")`.
--- a
type Query { q: Int }
type T @key(fields: "id") { id: ID! a: Int @requires(fields: 1) }

### REQUIRES_FIELDS_MISSING_EXTERNAL
A `@requires` names a field that this subgraph resolves itself.
-> Mark the field `@external`, or drop the `@requires`: what you resolve you need not require.
--- a
type Query { q: Int }
type T @key(fields: "id") { id: ID! x: Int a: Int @requires(fields: "x") }

### REQUIRES_UNSUPPORTED_ON_INTERFACE
A field of an interface carries `@requires`.
-> Put `@requires` on the field of each object type.
--- a
type Query { q: Int }
interface I { x: Int @external a: Int @requires(fields: "x") }

### REQUIRES_DIRECTIVE_IN_FIELDS_ARG
The fields of a `@requires` carry a directive.
-> Remove the directive from the selection.
--- a
directive @mine on FIELD
type Query { t: T }
type T @key(fields: "id") { id: ID! x: Int @external y: Int @requires(fields: "x @mine") }
--- b
type T @key(fields: "id") { id: ID! x: Int }

### PROVIDES_INVALID_FIELDS
The fields of a `@provides` are no selection of fields of the returned type.
-> Name fields of the type that the field returns, each `@external` here.
--- a
type Query { t: T @provides(fields: "x") }
type T @key(fields: "id") { id: ID! name: String }

### PROVIDES_INVALID_FIELDS_TYPE
The `fields` of a `@provides` is no string.
-> Write `@provides(fields: "name")`.
--- a
type Query { t: T @provides(fields: 3) }
type T @key(fields: "id") { id: ID! }

### PROVIDES_FIELDS_MISSING_EXTERNAL
A `@provides` names a field that this subgraph resolves on every path anyway.
-> Mark the field `@external`, or drop the `@provides`.
--- a
type Query { t: T @provides(fields: "name") }
type T @key(fields: "id") { id: ID! name: String }

### PROVIDES_FIELDS_HAS_ARGS
A `@provides` names a field that takes arguments.
-> Provide only fields without arguments.
--- a
type Query { t: T @provides(fields: "n") }
type T @key(fields: "id") { id: ID! n(a: Int): Int @external }
--- b
type T @key(fields: "id") { id: ID! n(a: Int): Int @shareable }

### PROVIDES_ON_NON_OBJECT_FIELD
A field that gives no object carries `@provides`.
-> Remove the `@provides`: there is nothing below to provide.
--- a
type Query { t: Int @provides(fields: "name") }

### PROVIDES_UNSUPPORTED_ON_INTERFACE
A field of an interface carries `@provides`.
-> Put `@provides` on the field of each object type.
--- a
type Query { i: I }
interface I { t: T @provides(fields: "x") }
type J implements I { t: T @provides(fields: "x") }
type T @key(fields: "id") { id: ID! x: Int @external }
--- b
type T @key(fields: "id") { id: ID! x: Int @shareable }

### PROVIDES_DIRECTIVE_IN_FIELDS_ARG
The fields of a `@provides` carry a directive.
-> Remove the directive from the selection.
--- a
directive @mine on FIELD
type Query { t: T @provides(fields: "x @mine") }
type T @key(fields: "id") { id: ID! x: Int @external }
--- b
type T @key(fields: "id") { id: ID! x: Int @shareable }

### EXTERNAL_UNUSED
A field is `@external`, and no `@key`, `@requires`, `@provides` or interface of this subgraph
needs it.
-> Remove the field, or what made it external if you resolve it.
--- a
type Query { q: Int }
interface I { a: Int @external }
type T implements I { a: Int }

### EXTERNAL_ON_INTERFACE
A field of an interface is `@external`; interfaces resolve nothing.
-> Remove `@external` there; put it on the object types if they need it.
--- a
type Query { q: Int }
interface I { x: Int @external a: Int @requires(fields: "x") }

### EXTERNAL_MISSING_ON_BASE
A field is `@external` wherever it stands, so nobody resolves it.
-> Define it without `@external` in the subgraph that resolves it.
--- a
type Query { q: Int }
type T @key(fields: "id") { id: ID! }
--- b
type T @key(fields: "id") { id: ID! name: String @external a: Int @requires(fields: "name") }

### EXTERNAL_TYPE_MISMATCH
An `@external` field has another type than where it is resolved.
-> Copy the type of the owner, `!` included.
--- a
type Query { q: Int }
type T @key(fields: "id") { id: ID! name: String }
--- b
type T @key(fields: "id") { id: ID! name: Int @external a: Int @requires(fields: "name") }

### EXTERNAL_ARGUMENT_MISSING
An `@external` field lacks an argument that the owner's field has.
-> Copy the arguments of the owner.
--- a
type Query { q: Int }
type T @key(fields: "id") { id: ID! n(x: Int): Int }
--- b
type T @key(fields: "id") { id: ID! n: Int @external a: Int @requires(fields: "n") }

### EXTERNAL_ARGUMENT_TYPE_MISMATCH
An argument of an `@external` field has another type than the owner's.
-> Copy the arguments of the owner.
--- a
type Query { q: Int }
type T @key(fields: "id") { id: ID! n(x: Int): Int }
--- b
type T @key(fields: "id") { id: ID! n(x: String): Int @external a: Int @requires(fields: "n") }

### EXTERNAL_ARGUMENT_DEFAULT_MISMATCH
An argument of an `@external` field has another default than the owner's.
-> Copy the defaults of the owner.
--- a
type Query { q: Int }
type T @key(fields: "id") { id: ID! n(x: Int = 1): Int }
--- b
type T @key(fields: "id") { id: ID! n(x: Int = 2): Int @external a: Int @requires(fields: "n") }

### EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE
A field carries both `@external` and `@provides`.
-> Keep one: what others resolve, this subgraph can't provide below.
--- a
type Query { p: P }
type P @key(fields: "id") {
  id: ID!
  t: T @external @provides(fields: "x")
  u: Int @requires(fields: "t { x }")
}
type T { x: Int @external }
--- b
type P @key(fields: "id") { id: ID! t: T }
type T { x: Int }

### MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL
An `@external` field carries a directive that is merged into the supergraph, such as `@tag`.
-> Move the directive to the subgraph that resolves the field.
--- a
type Query { t: T }
type T @key(fields: "id") { id: ID! name: String }
--- b
type T @key(fields: "id") {
  id: ID!
  name: String @external @tag(name: "x")
  a: Int @requires(fields: "name")
}

### TYPE_WITH_ONLY_UNUSED_EXTERNAL
A federation 1 type consists only of `@external` fields that nothing uses.
-> Remove the type from this subgraph, or use its fields.
--- a (as it stands)
type Query { q: T }
type T { x: Int @external }
--- b (as it stands)
type Query { t: T }
type T { x: Int }
"""
