"""Whether each SDL can be read at all: GraphQL, names, links."""

from typing import Final

TEXT: Final = r"""
### SUBGRAPH_NOT_READ
There is no SDL to compose: a file is missing, or a running subgraph did not answer with `_service
{ sdl }`.
-> Correct the path or URL in the config, or start the subgraph. All other subgraphs are still
checked in the same run.
=> It is told of files and running subgraphs, not of SDL; tests/composition/test_compose_sources.py
triggers it in six ways.

### INVALID_GRAPHQL
The SDL of a subgraph is no valid GraphQL schema, or the merged schema would be none.
-> Correct the SDL at the place named. For an unknown federation directive, add it to the `import`
list of `@link`.
--- a
type Query { q: Nope }

### INVALID_SUBGRAPH_NAME
A subgraph has a name that can't be told apart: empty, `_`, or the name of another one.
-> Give every subgraph a name of its own.
--- _
type Query { q: Int }

### NO_QUERIES
No subgraph has a query field, so clients could ask for nothing.
-> Give at least one subgraph a `type Query` with a field.
--- a
type T { a: Int }

### ROOT_QUERY_USED
`schema { query: X }` makes X the query root, and a type `Query` stands beside it.
-> Rename the type `Query`, or make it the query root.
--- a (as it stands)
schema { query: Root }
type Root { q: Int }
type Query { p: Int }

### ROOT_MUTATION_USED
`schema { mutation: X }` makes X the mutation root, and a type `Mutation` stands beside it.
-> Rename the type `Mutation`, or make it the mutation root.
--- a (as it stands)
schema { query: Query mutation: Changes }
type Query { q: Int }
type Changes { c: Int }
type Mutation { m: Int }

### ROOT_SUBSCRIPTION_USED
`schema { subscription: X }` makes X the subscription root, and a type `Subscription` stands
beside it.
-> Rename the type `Subscription`, or make it the subscription root.
--- a (as it stands)
schema { query: Query subscription: Events }
type Query { q: Int }
type Events { e: Int }
type Subscription { s: Int }

### INVALID_LINK_IDENTIFIER
The URL of a `@link` does not end in a name and a version.
-> Write it as `https://host/path/name/v1.0`.
--- a (as it stands)
extend schema @link(url: "https://specs.apollo.dev/federation/2.9")
type Query { q: Int }

### INVALID_LINK_DIRECTIVE_USAGE
A `@link` is used wrongly: it imports what its spec does not have, or an import is neither a name
nor `{name, as}`.
-> Import only what the linked version brings, directives with their `@`; link a newer version where
the directive came later.
--- a (as it stands)
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@nope"])
type Query { q: Int }

### UNKNOWN_LINK_VERSION
The version of the `@link` spec itself that a `@link` names does not exist.
-> Link `https://specs.apollo.dev/link/v1.0`, or leave that link out.
--- a (as it stands)
extend schema @link(url: "https://specs.apollo.dev/link/v9.0")
type Query { q: Int }

### UNKNOWN_FEDERATION_LINK_VERSION
The version of the federation spec that a `@link` names does not exist, or is newer than this
composer.
-> Link a version from 2.0 to the latest that the message names.
--- a (as it stands)
extend schema @link(url: "https://specs.apollo.dev/federation/v2.99")
type Query { q: Int }

### LINK_IMPORT_NAME_MISMATCH
Subgraphs import the same merged directive under different names, and the supergraph can have only
one.
-> Import it by one name everywhere.
--- a (as it stands)
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",
    import: [{name: "@tag", as: "@label"}])
type Query { q: Int @label(name: "x") }
--- b
type Query { p: Int @tag(name: "y") }

### DIRECTIVE_DEFINITION_INVALID
A subgraph defines a directive of federation itself, and otherwise than federation does.
-> Remove the definition (it is known without it), or copy federation's word for word.
--- a
directive @key(fields: federation__FieldSet!, more: Int) repeatable on OBJECT
scalar federation__FieldSet
type Query { q: Int }

### TYPE_DEFINITION_INVALID
A subgraph defines a type of federation (such as `FieldSet`) itself, and as something else.
-> Remove the definition, or define it as the scalar that it is.
--- a
type federation__FieldSet { x: Int }
type Query { q: Int }

### DIRECTIVE_COMPOSITION_ERROR
`@composeDirective` names a directive that can't be carried into the supergraph: it has no `@`, no
definition, no `@link`, or it is federation's own.
-> Define the directive, link its spec with `import: ["@name"]`, and name it with its `@`.
--- a (as it stands)
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@composeDirective"])
  @composeDirective(name: "@mine")
directive @mine on FIELD_DEFINITION
type Query { q: Int @mine }

### UNSUPPORTED_LINKED_FEATURE
A `@link` names a feature, or uses options of it, that composition does not know.
-> Remove the link, or its `for:`.
=> It is said of supergraphs when a gateway loads one; ours refuses such a supergraph when it
starts (`SUPERGRAPH_INVALID`).
"""
