"""Names that federation gives to things, so that no other file spells one out."""

from typing import Final, NewType

SubgraphName = NewType("SubgraphName", str)
"""A subgraph as people call it: the key in supergraph.yaml, `name:` of `@join__graph`."""

GraphEnumName = NewType("GraphEnumName", str)
"""A subgraph as the supergraph spells it: a value of the enum `join__Graph`."""

TypeName = NewType("TypeName", str)

LINK_IDENTITY: Final = "https://specs.apollo.dev/link"
JOIN_IDENTITY: Final = "https://specs.apollo.dev/join"
FEDERATION_IDENTITY: Final = "https://specs.apollo.dev/federation"
CORE_IDENTITY: Final = "https://specs.apollo.dev/core"
TAG_IDENTITY: Final = "https://specs.apollo.dev/tag"
INACCESSIBLE_IDENTITY: Final = "https://specs.apollo.dev/inaccessible"
AUTHENTICATED_IDENTITY: Final = "https://specs.apollo.dev/authenticated"
REQUIRES_SCOPES_IDENTITY: Final = "https://specs.apollo.dev/requiresScopes"
POLICY_IDENTITY: Final = "https://specs.apollo.dev/policy"
COST_IDENTITY: Final = "https://specs.apollo.dev/cost"
CONTEXT_IDENTITY: Final = "https://specs.apollo.dev/context"
RESUMABLE_IDENTITY: Final = "https://credgraph.dev/specs/resumable"

JOIN_GRAPH_ENUM: Final = "join__Graph"
JOIN_FIELD_SET: Final = "join__FieldSet"
JOIN_DIRECTIVE_ARGUMENTS: Final = "join__DirectiveArguments"
JOIN_FIELD_VALUE: Final = "join__FieldValue"
JOIN_CONTEXT_ARGUMENT: Final = "join__ContextArgument"
JOIN_GRAPH: Final = "join__graph"
JOIN_TYPE: Final = "join__type"
JOIN_FIELD: Final = "join__field"
JOIN_IMPLEMENTS: Final = "join__implements"
JOIN_UNION_MEMBER: Final = "join__unionMember"
JOIN_ENUM_VALUE: Final = "join__enumValue"
JOIN_OWNER: Final = "join__owner"
JOIN_DIRECTIVE: Final = "join__directive"
LINK: Final = "link"
LINK_PURPOSE: Final = "link__Purpose"
LINK_IMPORT: Final = "link__Import"

KEY: Final = "key"
REQUIRES: Final = "requires"
PROVIDES: Final = "provides"
EXTERNAL: Final = "external"
EXTENDS: Final = "extends"
SHAREABLE: Final = "shareable"
OVERRIDE: Final = "override"
INTERFACE_OBJECT: Final = "interfaceObject"
INACCESSIBLE: Final = "inaccessible"
TAG: Final = "tag"
COMPOSE_DIRECTIVE: Final = "composeDirective"
AUTHENTICATED: Final = "authenticated"
REQUIRES_SCOPES: Final = "requiresScopes"
POLICY: Final = "policy"
COST: Final = "cost"
LIST_SIZE: Final = "listSize"
CONTEXT: Final = "context"
FROM_CONTEXT: Final = "fromContext"
CACHE_TAG: Final = "cacheTag"

GUARDS: Final = frozenset({AUTHENTICATED, REQUIRES_SCOPES, POLICY})
"""Directives that say what a caller must hold."""

GUARD_IDENTITIES: Final = frozenset(
    {AUTHENTICATED_IDENTITY, REQUIRES_SCOPES_IDENTITY, POLICY_IDENTITY}
)
"""The specs of the guards, which a supergraph marks as needed for security."""

TYPENAME: Final = "__typename"
DEFER: Final = "defer"
ENTITIES: Final = "_entities"
SERVICE: Final = "_service"
ANY: Final = "_Any"
ENTITY_UNION: Final = "_Entity"
SERVICE_TYPE: Final = "_Service"
SUBGRAPH_FIELDS: Final = frozenset({ENTITIES, SERVICE})
"""Root fields of the subgraph protocol: never part of a supergraph."""
SUBGRAPH_TYPES: Final = frozenset({ANY, ENTITY_UNION, SERVICE_TYPE})
"""Types of the subgraph protocol: never part of a supergraph."""

BUILT_IN_SCALARS: Final = frozenset({"ID", "String", "Int", "Float", "Boolean"})
BUILT_IN_DIRECTIVES: Final = frozenset({"skip", "include", "deprecated", "specifiedBy", "oneOf"})
ROOT_TYPES: Final = ("Query", "Mutation", "Subscription")
