"""`@key`: the fields by which a subgraph is entered."""

from typing import Final

TEXT: Final = r"""
### KEY_INVALID_FIELDS
The fields of a `@key` are no selection of fields that the type has in this subgraph.
-> Name fields that the type has here, with `{ ... }` for objects.
--- a
type Query { q: Int }
type T @key(fields: "x") { id: ID! }

### KEY_INVALID_FIELDS_TYPE
The `fields` of a `@key` is no string.
-> Write `@key(fields: "id")`.
--- a
type Query { q: Int }
type T @key(fields: 3) { id: ID! }

### KEY_FIELDS_HAS_ARGS
A `@key` names a field that takes arguments, so its value is not one value.
-> Key on a field without arguments.
--- a
type Query { q: Int }
type T @key(fields: "id") { id(a: Int): ID! }

### KEY_FIELDS_SELECT_INVALID_TYPE
A `@key` names a field that gives an interface or a union.
-> Key on fields that hold plain values or objects.
--- a
type Query { q: Int }
union U = J
type J { id: ID }
type T @key(fields: "u { ... on J { id } }") { u: U }

### KEY_UNSUPPORTED_ON_INTERFACE
An interface has a `@key`, and the subgraph links a federation version before 2.3.
-> Link federation v2.3 or newer, or move the key to the object types.
--- a (as it stands)
extend schema @link(url: "https://specs.apollo.dev/federation/v2.2", import: ["@key"])
type Query { q: Int }
interface I @key(fields: "id") { id: ID }
type J implements I @key(fields: "id") { id: ID }

### INTERFACE_KEY_NOT_ON_IMPLEMENTATION
An interface has a `@key` that one of its implementations in the same subgraph has not.
-> Give each implementation the same `@key`.
--- a
type Query { q: Int }
interface I @key(fields: "id") { id: ID! }
type T implements I { id: ID! }

### INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE
A subgraph has a `@key` on an interface and lacks one of the types that implement it elsewhere.
-> Define the missing type in that subgraph, with the same `@key`.
--- a
type Query { q: Int }
interface I @key(fields: "id") { id: ID! }
type T implements I @key(fields: "id") { id: ID! }
--- b
interface I { id: ID! }
type S implements I { id: ID! }

### INTERFACE_OBJECT_USAGE_ERROR
`@interfaceObject` is used where no subgraph defines the interface with its implementations, or
beside them in the same subgraph.
-> Let one subgraph define the interface with a `@key` and all its implementations; only others say
`@interfaceObject`.
--- a
type Query { q: Int }
type I @interfaceObject @key(fields: "id") { id: ID! x: Int }

### KEY_DIRECTIVE_IN_FIELDS_ARG
The fields of a `@key` carry a directive.
-> Remove the directive from the selection.
--- a
directive @mine on FIELD
type Query { t: T }
type T @key(fields: "id @mine") { id: ID! }
"""
