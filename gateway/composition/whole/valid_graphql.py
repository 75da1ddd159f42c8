"""The merged types must make a valid GraphQL schema, whatever rule a merge may have bent."""

from graphql import GraphQLError, build_schema, validate_schema

from gateway.composition.findings import ErrorCode
from gateway.composition.merged import Supergraph
from gateway.composition.merging.context import Merge
from gateway.composition.printer import print_supergraph


def supergraph_is_valid_graphql(supergraph: Supergraph, merge: Merge) -> None:
    try:
        schema = build_schema(print_supergraph(supergraph), assume_valid_sdl=True, no_location=True)
        faults = validate_schema(schema)
    except (GraphQLError, TypeError) as error:
        faults = [error if isinstance(error, GraphQLError) else GraphQLError(str(error))]
    for fault in faults:
        merge.findings.error(
            ErrorCode.INVALID_GRAPHQL,
            f"the merged schema is not valid GraphQL: {fault.message}",
            advice="make the definitions of these types agree between subgraphs",
        )
