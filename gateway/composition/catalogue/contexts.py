"""`@context` and `@fromContext`: values handed down from a parent."""

from typing import Final

TEXT: Final = r"""
### CONTEXT_NAME_INVALID
The name of a `@context` is not made of letters and digits, beginning with a letter.
-> Rename the context, without `_`.
--- a
type Query { p: P }
type P @context(name: "my_ctx") { id: ID! x: Int }

### CONTEXT_NOT_SET
A `@fromContext` can't receive a value: no type sets that context, or the argument stands where
none can be handed down (interface, directive, default).
-> Set `@context(name:)` on a parent type, and use the argument on plain object fields without a
default.
--- a
type Query { t: T }
type T @key(fields: "id") { id: ID! f(a: Int @fromContext(field: "$ctx { x }")): Int }

### CONTEXT_INVALID_SELECTION
The selection of a `@fromContext` does not give one value of the argument's type.
-> Select exactly one field of the type that sets the context.
--- a
type Query { p: P }
type P @context(name: "ctx") { id: ID! x: Int t: T }
type T @key(fields: "id") { id: ID! f(a: Int @fromContext(field: "$ctx { x id }")): Int }

### NO_CONTEXT_IN_SELECTION
The `field` of a `@fromContext` names no context, or selects nothing.
-> Write `@fromContext(field: "$name { field }")`.
--- a
type Query { p: P }
type P @context(name: "ctx") { id: ID! x: Int t: T }
type T @key(fields: "id") { id: ID! f(a: Int @fromContext(field: "{ x }")): Int }

### CONTEXT_NO_RESOLVABLE_KEY
A type uses `@fromContext` and has no resolvable `@key`, so it can't be entered with the value.
-> Give the type a resolvable `@key`.
--- a
type Query { p: P }
type P @context(name: "ctx") { id: ID! x: Int t: T }
type T { id: ID! f(a: Int @fromContext(field: "$ctx { x }")): Int }

### CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS
An argument comes from a context in one subgraph, and another requires it from the client.
-> Take it from a context everywhere, or make it optional where it is not.
--- a
type Query { p: P }
type P @key(fields: "id") @context(name: "ctx") { id: ID! x: Int t: T }
type T @key(fields: "id") { id: ID! f(a: Int @fromContext(field: "$ctx { x }")): Int @shareable }
--- b
type T @key(fields: "id") { id: ID! f(a: Int!): Int @shareable }
"""
