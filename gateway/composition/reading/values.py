"""Values given to directives in SDL: GraphQL demands that they fit, graphql-core does not look."""

from collections.abc import Iterator

from graphql import (
    ConstDirectiveNode,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    Node,
    Undefined,
    print_ast,
    value_from_ast,
)

_BELOW = ("fields", "arguments", "values")


def ill_values(document: DocumentNode, schema: GraphQLSchema) -> Iterator[GraphQLError]:
    """One error for each value that does not fit the argument it is given to."""
    for definition in document.definitions:
        for directive in _directives(definition):
            yield from _ill_values_of(directive, schema)


def _directives(node: Node) -> Iterator[ConstDirectiveNode]:
    yield from getattr(node, "directives", None) or ()
    for key in _BELOW:
        for child in getattr(node, key, None) or ():
            yield from _directives(child)


def _ill_values_of(directive: ConstDirectiveNode, schema: GraphQLSchema) -> Iterator[GraphQLError]:
    definition = schema.get_directive(directive.name.value)
    for given in directive.arguments or ():
        argument = definition.args.get(given.name.value) if definition else None
        if argument is not None and value_from_ast(given.value, argument.type) is Undefined:
            yield GraphQLError(
                f"@{directive.name.value}({given.name.value}:) is {argument.type}, "
                f"and {print_ast(given.value)} does not fit it.",
                given,
            )
