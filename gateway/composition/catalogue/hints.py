"""What composes, and yet deserves a look."""

from typing import Final

TEXT: Final = r"""
### INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE
A field has different types that fit together; clients see the widest.
-> Write the same type everywhere.
--- a
type Query { v: V }
type V @shareable { x: Int! }
--- b
type V @shareable { x: Int }

### INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE
An argument has different types that fit together; clients see the narrowest.
-> Write the same type everywhere.
--- a
type Query { q(a: Int!): Int @shareable }
--- b
type Query { q(a: Int): Int @shareable }

### INCONSISTENT_DEFAULT_VALUE_PRESENCE
An argument or input field has a default in some subgraphs only; none is kept.
-> Write the default everywhere, or nowhere.
--- a
type Query { q(a: Int = 1): Int @shareable }
--- b
type Query { q(a: Int): Int @shareable }

### INCONSISTENT_ENTITY
A type has a `@key` in some subgraphs and none in others.
-> Give it the key everywhere.
--- a
type Query { t: T }
type T @key(fields: "id") { id: ID! x: Int @shareable }
--- b
type Query { u: T }
type T { id: ID! @shareable x: Int @shareable }

### INCONSISTENT_OBJECT_VALUE_TYPE_FIELD
A shared type without `@key` has a field in some subgraphs only.
-> Add the field everywhere, or give the type a `@key`.
--- a
type Query { v: V }
type V @shareable { x: Int y: Int }
--- b
type V @shareable { x: Int }

### INCONSISTENT_INTERFACE_VALUE_TYPE_FIELD
A shared interface has a field in some subgraphs only.
-> Add the field everywhere.
--- a
type Query { i: I }
interface I { x: Int y: Int }
type T implements I @shareable { x: Int y: Int }
--- b
interface I { x: Int }
type T implements I @shareable { x: Int y: Int }

### INCONSISTENT_INPUT_OBJECT_FIELD
A field of an input type is known to some subgraphs only, and is left out.
-> Add the field everywhere, or remove it.
--- a
type Query { q(f: F): Int }
input F { x: Int y: Int }
--- b
type Query { p(f: F): Int }
input F { x: Int }

### INCONSISTENT_UNION_MEMBER
A union has a member in some subgraphs only.
-> Add the member everywhere, or use two unions.
--- a
type Query { u: U }
union U = V | W
type V @shareable { x: Int }
type W { y: Int }
--- b
union U = V
type V @shareable { x: Int }

### INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM
A value of an enum for inputs is known to some subgraphs only, and is left out.
-> Add the value everywhere.
--- a
type Query { q(e: E): Int }
enum E { A B }
--- b
type Query { p(e: E): Int }
enum E { A }

### INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM
A value of an enum for outputs is known to some subgraphs only.
-> Add the value everywhere.
--- a
type Query { q: E }
enum E { A B }
--- b
type Query { p: E }
enum E { A }

### INCONSISTENT_TYPE_SYSTEM_DIRECTIVE_REPEATABLE
A composed directive is `repeatable` in some subgraphs only.
-> Define it alike everywhere.
=> Definitions of composed directives are not merged: the newest is taken whole, and arguments that
differ are told as `DIRECTIVE_COMPOSITION_WARN`.

### INCONSISTENT_TYPE_SYSTEM_DIRECTIVE_LOCATIONS
A composed directive has different locations in different subgraphs.
-> Define it alike everywhere.
=> Definitions of composed directives are not merged: the newest is taken whole, and arguments that
differ are told as `DIRECTIVE_COMPOSITION_WARN`.

### INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE
A directive for operations is defined in some subgraphs only, and is left out.
-> Define it everywhere, or nowhere.
--- a
directive @trace on FIELD
type Query { q: Int }
--- b
type Query { p: Int }

### INCONSISTENT_EXECUTABLE_DIRECTIVE_REPEATABLE
A directive for operations is `repeatable` in some subgraphs only.
-> Define it alike everywhere.
--- a
directive @trace repeatable on FIELD
type Query { q: Int }
--- b
directive @trace on FIELD
type Query { p: Int }

### INCONSISTENT_EXECUTABLE_DIRECTIVE_LOCATIONS
A directive for operations has different locations; only the common ones are kept.
-> Define it alike everywhere.
--- a
directive @trace on FIELD | QUERY
type Query { q: Int }
--- b
directive @trace on FIELD
type Query { p: Int }

### NO_EXECUTABLE_DIRECTIVE_INTERSECTION
A directive for operations has no location that all subgraphs allow, and is left out.
-> Define it alike everywhere.
--- a
directive @trace on QUERY
type Query { q: Int }
--- b
directive @trace on FIELD
type Query { p: Int }

### INCONSISTENT_DESCRIPTION
Something is described differently in different subgraphs; the text that most use is kept.
-> Describe it once, word for word the same.
--- a
type Query { v: V }
"A value."
type V @shareable { x: Int }
--- b
"Some value."
type V @shareable { x: Int }

### INCONSISTENT_ARGUMENT_PRESENCE
An optional argument is known to some subgraphs only, and is left out.
-> Add the argument everywhere, or remove it.
--- a
type Query { q(a: Int): Int @shareable }
--- b
type Query { q: Int @shareable }

### INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS
A directive carries different arguments in different subgraphs; one is kept.
-> Write the same arguments everywhere.
--- a
type Query { q: Int @shareable @deprecated(reason: "Use p.") }
--- b
type Query { q: Int @shareable @deprecated(reason: "Gone soon.") }

### MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS
A directive carries different arguments in different subgraphs, which are merged.
-> Write the same arguments everywhere.
--- a
type Query { q: Int @shareable @requiresScopes(scopes: [["a"]]) }
--- b
type Query { q: Int @shareable @requiresScopes(scopes: [["b"]]) }

### INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN
A shared field gives an interface or union, and some possible types can't come from all who
resolve it.
-> Define the same possible types everywhere.
--- a
type Query { u: U @shareable }
union U = V | W
type V @shareable { x: Int }
type W { y: Int }
--- b
type Query { u: U @shareable }
union U = V
type V @shareable { x: Int }

### FROM_SUBGRAPH_DOES_NOT_EXIST
`@override(from:)` names a subgraph that is not there.
-> Correct the name, or remove the `@override` once the other subgraph is gone.
--- a
type Query { q: Int @override(from: "gone") }

### OVERRIDDEN_FIELD_CAN_BE_REMOVED
A field is overridden by another subgraph, and nothing here needs it any more.
-> Remove the field.
--- a
type Query { q: Int @override(from: "b") }
--- b
type Query { q: Int p: Int }

### OVERRIDE_DIRECTIVE_CAN_BE_REMOVED
The subgraph that `@override` names no longer has the field.
-> Remove the `@override`.
--- a
type Query { q: Int @override(from: "b") }
--- b
type Query { p: Int }

### OVERRIDE_MIGRATION_IN_PROGRESS
A field is being moved with a labelled `@override`.
-> Finish the migration, then remove label and directive.
--- a
type Query { q: Int @override(from: "b", label: "percent(5)") }
--- b
type Query { q: Int }

### UNUSED_ENUM_TYPE
An enum is used by no field and no argument.
-> Remove it, or use it.
--- a
type Query { q: Int }
enum E { A }

### DIRECTIVE_COMPOSITION_INFO
A spec that is not composed is linked in versions that do not go together.
-> Link the same major version everywhere.
--- a (as it stands)
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9")
  @link(url: "https://mine.example/mine/v1.0", import: ["@mine"])
directive @mine on FIELD_DEFINITION
type Query { q: Int @mine }
--- b (as it stands)
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9")
  @link(url: "https://mine.example/mine/v2.0", import: ["@mine"])
directive @mine on FIELD_DEFINITION
type Query { p: Int @mine }

### DIRECTIVE_COMPOSITION_WARN
A composed directive has other arguments in other subgraphs; the newest definition is kept.
-> Define it alike everywhere.
--- a (as it stands)
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@composeDirective"])
  @link(url: "https://mine.example/mine/v1.0", import: ["@mine"]) @composeDirective(name: "@mine")
directive @mine on FIELD_DEFINITION
type Query { q: Int @mine }
--- b (as it stands)
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@composeDirective"])
  @link(url: "https://mine.example/mine/v1.0", import: ["@mine"]) @composeDirective(name: "@mine")
directive @mine(x: Int) on FIELD_DEFINITION
type Query { p: Int @mine }

### DIRECTIVE_NOT_COMPOSED_EVERYWHERE
A subgraph uses a directive that others compose, forgot `@composeDirective` itself, and would lose
it silently. (Ours: Apollo's composer is silent.)
-> Add `@composeDirective(name: "@...")` there too.
--- a (as it stands)
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@composeDirective"])
  @link(url: "https://mine.example/mine/v1.0", import: ["@mine"]) @composeDirective(name: "@mine")
directive @mine on FIELD_DEFINITION
type Query { q: Int @mine }
--- b (as it stands)
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9")
  @link(url: "https://mine.example/mine/v1.0", import: ["@mine"])
directive @mine on FIELD_DEFINITION
type Query { p: Int @mine }

### CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS
An optional argument is left out, since another subgraph takes it from a context.
-> Take it from a context everywhere, or rename it.
--- a
type Query { p: P }
type P @key(fields: "id") @context(name: "ctx") { id: ID! x: Int t: T }
type T @key(fields: "id") { id: ID! f(a: Int @fromContext(field: "$ctx { x }")): Int @shareable }
--- b
type T @key(fields: "id") { id: ID! f(a: Int): Int @shareable }
"""
