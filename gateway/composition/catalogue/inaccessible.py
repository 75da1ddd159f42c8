"""`@inaccessible`: what clients must not see, and what they still need."""

from typing import Final

TEXT: Final = r"""
### REFERENCED_INACCESSIBLE
Something visible refers to a type that is hidden.
-> Hide the field or argument as well, or show the type.
--- a
type Query { t: T }
type T @inaccessible { a: Int }

### DEFAULT_VALUE_USES_INACCESSIBLE
A visible default uses something that is hidden.
-> Change the default, or show what it uses.
--- a
type Query { q(e: E = A): Int }
enum E { A @inaccessible B }

### QUERY_ROOT_TYPE_INACCESSIBLE
The query root is hidden, so nothing could be asked.
-> Hide single fields of it instead.
--- a
type Query @inaccessible { q: Int }

### REQUIRED_INACCESSIBLE
A hidden argument or input field is required, so nobody could call what needs it.
-> Make it optional, or show it.
--- a
type Query { q(a: Int! @inaccessible): Int }

### IMPLEMENTED_BY_INACCESSIBLE
A hidden field is needed by a visible interface.
-> Hide the interface's field too, or show this one.
--- a
type Query { i: I }
interface I { a: Int b: Int }
type T implements I { a: Int @inaccessible b: Int }

### DISALLOWED_INACCESSIBLE
`@inaccessible` stands on something that can't be hidden: a built-in, or part of a directive that
clients use.
-> Remove `@inaccessible` there.
--- a (as it stands)
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",
    import: ["@composeDirective", "@inaccessible"])
  @link(url: "https://mine.example/mine/v1.0", import: ["@mine"]) @composeDirective(name: "@mine")
directive @mine(x: Int @inaccessible) on FIELD_DEFINITION
type Query { q: Int @mine }

### ONLY_INACCESSIBLE_CHILDREN
A type is visible and everything in it is hidden.
-> Hide the type as well, or show a member.
--- a
type Query { t: T }
type T { a: Int @inaccessible }
"""
