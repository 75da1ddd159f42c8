"""Who may see a field, and what it costs."""

from typing import Final

TEXT: Final = r"""
### AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE
`@authenticated`, `@requiresScopes` or `@policy` stands on an interface, its field or an interface
object.
-> Put it on the object types and their fields.
--- a
type Query { i: I }
interface I @authenticated { a: Int }
type T implements I { a: Int }

### MISSING_TRANSITIVE_AUTH_REQUIREMENTS
A field requires (`@requires`, `@fromContext`) data that is guarded, and is itself guarded less.
-> Repeat the guards of the required data on the requiring field.
--- a
type Query { q: Int }
type T @key(fields: "id") { id: ID! x: Int @authenticated }
--- b
type T @key(fields: "id") { id: ID! x: Int @external y: Int @requires(fields: "x") }

### COST_APPLIED_TO_INTERFACE_FIELD
`@cost` stands on a field of an interface.
-> Put it on the fields of the object types.
--- a
type Query { i: I }
interface I { a: Int @cost(weight: 2) }
type T implements I { a: Int }

### LIST_SIZE_APPLIED_TO_NON_LIST
`@listSize` stands on a field that gives no list and names no sized fields.
-> Remove it, or name the lists below in `sizedFields`.
--- a
type Query { q: Int @listSize(assumedSize: 2) }

### LIST_SIZE_INVALID_ASSUMED_SIZE
The `assumedSize` of a `@listSize` is negative.
-> Write 0 or more.
--- a
type Query { q: [Int] @listSize(assumedSize: -2) }

### LIST_SIZE_INVALID_SLICING_ARGUMENT
A slicing argument of `@listSize` does not exist, or is no integer.
-> Name integer arguments of the field.
--- a
type Query { q: [Int] @listSize(slicingArguments: ["first"]) }

### LIST_SIZE_INVALID_SIZED_FIELD
A sized field of `@listSize` does not exist on the returned type, or is no list.
-> Name list fields of the returned type.
--- a
type Query { q: T @listSize(sizedFields: ["edges"], assumedSize: 2) }
type T { a: Int }
"""
