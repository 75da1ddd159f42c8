"""Fields and types that several subgraphs define."""

from typing import Final

TEXT: Final = r"""
### INVALID_FIELD_SHARING
Several subgraphs resolve a field, and not all of them say `@shareable`.
-> Mark the field (or the type) `@shareable` in all of them if they give the same answer, or keep it
in one.
--- a
type Query { q: Int }
--- b
type Query { q: Int }

### INVALID_SHAREABLE_USAGE
`@shareable` stands where nothing is shared by value: on an interface's field or on a
subscription.
-> Remove it there.
--- a
type Query { q: Int }
interface I { a: Int @shareable }
type T implements I { a: Int }

### SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES
A shared field gives an interface or union, and no object type can come from all who resolve it.
-> Define the same possible types in all of them.
--- a
type Query { u: U @shareable }
union U = X
type X { a: Int }
--- b
type Query { u: U @shareable }
union U = Y
type Y { a: Int }

### TYPE_KIND_MISMATCH
One name is an object in one subgraph and something else in another.
-> Give the two things two names.
--- a
type Query { q: Int }
type T { a: Int }
--- b
input T { a: Int }

### EXTENSION_WITH_NO_BASE
A type is only extended, and no subgraph defines it.
-> Define it without `extend` in the subgraph that owns it.
--- a
type Query { q: Int }
extend type T @key(fields: "id") { id: ID! @external }

### FIELD_TYPE_MISMATCH
A field has types in different subgraphs that no single type covers.
-> Give it the same type everywhere, or one that contains the others.
--- a
type Query { q: Int @shareable }
--- b
type Query { q: [Int] @shareable }

### FIELD_ARGUMENT_TYPE_MISMATCH
An argument has types in different subgraphs of which none fits all.
-> Give it the same type everywhere; only `!` may differ.
--- a
type Query { q(a: Int): Int @shareable }
--- b
type Query { q(a: String): Int @shareable }

### FIELD_ARGUMENT_DEFAULT_MISMATCH
An argument has different defaults in different subgraphs.
-> Agree on one default.
--- a
type Query { q(a: Int = 1): Int @shareable }
--- b
type Query { q(a: Int = 2): Int @shareable }

### REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH
An argument is required in one subgraph and missing in another that resolves the same field.
-> Add the argument there, or make it optional.
--- a
type Query { q(a: Int!): Int @shareable }
--- b
type Query { q: Int @shareable }

### INPUT_FIELD_DEFAULT_MISMATCH
A field of an input type has different defaults in different subgraphs.
-> Agree on one default.
--- a
type Query { q(i: In): Int }
input In { a: Int = 1 }
--- b
type Query { p(i: In): Int }
input In { a: Int = 2 }

### REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH
A field of an input type is required in one subgraph and missing in another.
-> Add the field there, or make it optional.
--- a
type Query { q(i: In): Int }
input In { a: Int b: Int! }
--- b
type Query { p(i: In): Int }
input In { a: Int }

### EMPTY_MERGED_INPUT_TYPE
An input type has no field that all subgraphs define, so nothing of it is left.
-> Define at least one common field, or rename one of the types.
--- a
type Query { q(i: In): Int }
input In { a: Int }
--- b
type Query { p(i: In): Int }
input In { b: Int }

### ENUM_VALUE_MISMATCH
An enum is both read and written by clients, so all subgraphs must know all its values; one does
not.
-> Add the value everywhere, or use one enum for inputs and another for outputs.
--- a
type Query { q(e: E): E }
enum E { A B }
--- b
type Query { p(e: E): E }
enum E { A }

### EMPTY_MERGED_ENUM_TYPE
An enum that only inputs use has no value that all subgraphs define.
-> Define at least one common value, or rename one of the enums.
--- a
type Query { q(e: E): Int }
enum E { B }
--- b
type Query { p(e: E): Int }
enum E { A }

### INTERFACE_FIELD_NO_IMPLEM
An interface has a field in one subgraph that a type implementing it has nowhere.
-> Add the field to the type.
--- a
type Query { i: I }
interface I { a: Int }
type T implements I { a: Int }
--- b
type Query { j: I }
interface I { a: Int b: Int }
type S implements I { a: Int b: Int }
"""
