"""Which features a supergraph links, under which names their elements go, and which must be known.

Laws: a feature linked `for: EXECUTION` or `for: SECURITY` that is not understood refuses the whole
supergraph, by name; any other unknown feature is ignored.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from graphql import DirectiveNode, DocumentNode, SchemaDefinitionNode, SchemaExtensionNode
from graphql.language.ast import ListValueNode, ObjectValueNode, StringValueNode, ValueNode

from gateway.errors import BadSupergraph
from gateway.spec import names
from gateway.supergraph.arguments import arguments_of, text_of
from gateway.supergraph.faults import UnsupportedFeature

UNDERSTOOD: Final = frozenset(
    {
        names.LINK_IDENTITY,
        names.CORE_IDENTITY,
        names.JOIN_IDENTITY,
        names.INACCESSIBLE_IDENTITY,
        names.CONTEXT_IDENTITY,
    }
)
JOIN_VERSIONS: Final = frozenset({"v0.1", "v0.2", "v0.3", "v0.4", "v0.5"})
_LINKING: Final = frozenset({"link", "core"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One @link: `name` prefixes its elements, `imports` maps its names to the local ones."""

    identity: str
    version: str
    name: str
    purpose: str | None
    imports: Mapping[str, str]

    def local(self, element: str) -> str:
        """The name under which `element` of this feature goes in this document."""
        if element in self.imports:
            return self.imports[element]
        own_name = self.identity.rpartition("/")[2]
        return self.name if element == own_name else f"{self.name}__{element}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """The linked features by identity."""

    by_identity: Mapping[str, Feature]

    @property
    def join(self) -> Feature:
        return self.by_identity[names.JOIN_IDENTITY]

    @property
    def context(self) -> str | None:
        """The name of @context here, None if it is not linked."""
        feature = self.by_identity.get(names.CONTEXT_IDENTITY)
        return feature.local("context") if feature else None

    @property
    def inaccessible(self) -> str | None:
        """The name of @inaccessible here, None if it is not linked."""
        feature = self.by_identity.get(names.INACCESSIBLE_IDENTITY)
        return feature.local("inaccessible") if feature else None


def read_features(document: DocumentNode, understood: frozenset[str]) -> Features:
    """All links of the document. Raises BadSupergraph or UnsupportedFeature."""
    features = {feature.identity: feature for feature in _links(document)}
    for feature in features.values():
        if feature.purpose and feature.identity not in understood:
            raise UnsupportedFeature(f"{feature.identity}/{feature.version}", feature.purpose)
    join = features.get(names.JOIN_IDENTITY)
    if join is None:
        raise BadSupergraph("the text links no join specification: it is not a supergraph")
    if join.version not in JOIN_VERSIONS:
        raise UnsupportedFeature(f"{join.identity}/{join.version}", join.purpose or "EXECUTION")
    return Features(by_identity=features)


def local_name(document: DocumentNode, identity: str, element: str) -> str | None:
    """The name under which an element of a feature goes, None where it is not linked."""
    found = next((each for each in _links(document) if each.identity == identity), None)
    return found.local(element) if found else None


def _links(document: DocumentNode) -> Iterator[Feature]:
    for definition in document.definitions:
        if isinstance(definition, SchemaDefinitionNode | SchemaExtensionNode):
            for directive in definition.directives or ():
                if directive.name.value in _LINKING:
                    yield _feature(directive)


def _feature(directive: DirectiveNode) -> Feature:
    arguments = arguments_of(directive)
    url = text_of(arguments.get("url")) or text_of(arguments.get("feature"))
    if not url:
        raise BadSupergraph(f"a @{directive.name.value} names no feature")
    identity, _, version = url.rstrip("/").rpartition("/")
    name = text_of(arguments.get("as")) or identity.rpartition("/")[2]
    return Feature(
        identity=identity,
        version=version,
        name=name,
        purpose=text_of(arguments.get("for")),
        imports=dict(_imports(arguments.get("import"))),
    )


def _imports(value: ValueNode | None) -> Iterable[tuple[str, str]]:
    for item in value.values if isinstance(value, ListValueNode) else ():
        match item:
            case StringValueNode(value=text):
                yield text.lstrip("@"), text.lstrip("@")
            case ObjectValueNode(fields=fields):
                given = {field.name.value: text_of(field.value) or "" for field in fields}
                own = given.get("name", "").lstrip("@")
                yield own, given.get("as", own).lstrip("@")
            case _:
                continue
