"""Reads `@link`: which specs a subgraph uses, and how it spells their directives and types."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from graphql import (
    ConstDirectiveNode,
    ConstValueNode,
    DocumentNode,
    ListValueNode,
    Node,
    ObjectValueNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    StringValueNode,
)

from gateway.composition.findings import ErrorCode, Findings, Place
from gateway.composition.reading import known_directives
from gateway.composition.reading.known_directives import LATEST, LEGACY, Version
from gateway.spec import names
from gateway.spec.names import SubgraphName

_URL: Final = re.compile(r"^(?P<identity>.+?/(?P<name>[A-Za-z_][A-Za-z0-9_-]*))/v(?P<v>\d+\.\d+)$")

_LINK_VERSION: Final[Version] = (1, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One `@link`: a spec, its version, and the names taken from it."""

    identity: str
    name: str
    url: str
    version: Version
    alias: str
    imports: Mapping[str, str]
    """Element of the spec (`@key`, `FieldSet`) -> how the subgraph calls it (`@k`, `Fields`)."""
    place: Place

    def directive(self, canonical: str) -> str:
        """How the subgraph spells that directive of this spec, without `@`."""
        imported = self.imports.get(f"@{canonical}")
        if imported is not None:
            return imported.removeprefix("@")
        return self.alias if canonical == self.name else f"{self.alias}__{canonical}"

    def type(self, canonical: str) -> str:
        """How the subgraph spells that type of this spec."""
        return self.imports.get(canonical, f"{self.alias}__{canonical}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """All links of a subgraph, and what follows from them."""

    federation: Version
    spelled: Mapping[str, str]
    """Canonical directive name -> name in the SDL; without those that this version lacks."""
    types: Mapping[str, str]
    """Canonical name of a spec type -> name in the SDL."""
    others: tuple[Link, ...] = field(default=())

    def canonical(self) -> Mapping[str, str]:
        return {spelled: name for name, spelled in self.spelled.items()}


def place_of(node: Node, subgraph: SubgraphName) -> Place:
    if node.loc is None:
        return Place(subgraph=subgraph, line=1, column=1)
    token = node.loc.start_token
    return Place(subgraph=subgraph, line=token.line, column=token.column)


def argument(node: ConstDirectiveNode, name: str) -> ConstValueNode | None:
    return next((a.value for a in node.arguments or () if a.name.value == name), None)


def text_argument(node: ConstDirectiveNode, name: str) -> str | None:
    value = argument(node, name)
    return value.value if isinstance(value, StringValueNode) else None


def schema_directives(document: DocumentNode) -> Iterator[ConstDirectiveNode]:
    for definition in document.definitions:
        if isinstance(definition, SchemaDefinitionNode | SchemaExtensionNode):
            yield from definition.directives or ()


def read_links(document: DocumentNode, subgraph: SubgraphName, findings: Findings) -> Links | None:
    """Read all `@link`s; None where one is so wrong that the rest can't be understood."""
    reader = _LinkReader(subgraph, findings)
    before = len(findings.errors)
    links = [
        link
        for node in schema_directives(document)
        if node.name.value == names.LINK and (link := reader.read(node)) is not None
    ]
    if len(findings.errors) > before:
        return None
    return _resolve(links)


class _LinkReader:
    def __init__(self, subgraph: SubgraphName, findings: Findings) -> None:
        self._subgraph = subgraph
        self._findings = findings

    def read(self, node: ConstDirectiveNode) -> Link | None:
        place = place_of(node, self._subgraph)
        url = text_argument(node, "url")
        matched = _URL.match(url or "")
        if url is None or matched is None:
            self._findings.error(
                ErrorCode.INVALID_LINK_IDENTIFIER,
                f"[{self._subgraph}] @link url {url!r} does not end in a name and a version",
                [place],
                advice='write it as "https://host/path/name/v1.0"',
            )
            return None
        major, minor = matched["v"].split(".")
        link = Link(
            identity=matched["identity"],
            name=matched["name"],
            url=url,
            version=(int(major), int(minor)),
            alias=text_argument(node, "as") or matched["name"],
            imports=self._imports(argument(node, "import")),
            place=place,
        )
        return link if self._known(link) else None

    def _imports(self, value: ConstValueNode | None) -> Mapping[str, str]:
        items = value.values if isinstance(value, ListValueNode) else ()
        return dict(pair for item in items if (pair := self._import(item)) is not None)

    def _import(self, item: ConstValueNode) -> tuple[str, str] | None:
        if isinstance(item, StringValueNode):
            return item.value, item.value
        if isinstance(item, ObjectValueNode):
            given = {
                f.name.value: f.value.value
                for f in item.fields
                if isinstance(f.value, StringValueNode)
            }
            name = given.get("name")
            local = given.get("as", name)
            if name and local and name.startswith("@") == local.startswith("@"):
                return name, local
        self._findings.error(
            ErrorCode.INVALID_LINK_DIRECTIVE_USAGE,
            f"[{self._subgraph}] an import of @link is neither a name nor {{name, as}}",
            [place_of(item, self._subgraph)],
            advice='write import: ["@key", {name: "@tag", as: "@label"}]',
        )
        return None

    def _known(self, link: Link) -> bool:
        if link.identity == names.LINK_IDENTITY and link.version != _LINK_VERSION:
            self._findings.error(
                ErrorCode.UNKNOWN_LINK_VERSION,
                f"[{self._subgraph}] version {_show(link.version)} of the link spec is unknown",
                [link.place],
                advice=f"link {names.LINK_IDENTITY}/v{_show(_LINK_VERSION)}, or leave it out",
            )
            return False
        if link.identity != names.FEDERATION_IDENTITY:
            return True
        if not known_directives.FIRST_LINKED <= link.version <= LATEST:
            self._findings.error(
                ErrorCode.UNKNOWN_FEDERATION_LINK_VERSION,
                f"[{self._subgraph}] federation version {_show(link.version)} is unknown here",
                [link.place],
                advice=f"link a version from 2.0 to {_show(LATEST)}",
            )
            return False
        return self._imports_known(link)

    def _imports_known(self, link: Link) -> bool:
        known = {f"@{name}" for name in known_directives.available(link.version)}
        known.update(known_directives.TYPES)
        unknown = [name for name in link.imports if name not in known]
        for name in unknown:
            self._findings.error(
                ErrorCode.INVALID_LINK_DIRECTIVE_USAGE,
                f"[{self._subgraph}] federation {_show(link.version)} has no {name} to import",
                [link.place],
                advice=_import_advice(name),
            )
        return not unknown


def _import_advice(name: str) -> str:
    later = known_directives.DIRECTIVES.get(name.removeprefix("@"))
    if later is not None and name.startswith("@"):
        return f"link federation v{_show(later.since)} or newer"
    if name in known_directives.DIRECTIVES:
        return f'import it with its sign: "@{name}"'
    return "remove it from the import list"


def _show(version: Version) -> str:
    return f"{version[0]}.{version[1]}"


def _resolve(links: Sequence[Link]) -> Links:
    federation = next((link for link in links if link.identity == names.FEDERATION_IDENTITY), None)
    spelled: dict[str, str] = {}
    types: dict[str, str] = {}
    if federation is None:
        spelled.update((name, name) for name in known_directives.available(LEGACY))
        types.update((name, f"_{name}") for name in known_directives.TYPES)
    else:
        for name in known_directives.available(federation.version):
            spelled[name] = federation.directive(name)
        types.update((name, federation.type(name)) for name in known_directives.TYPES)
    for link in links:
        for name in known_directives.SEPARATE_SPECS.get(link.identity, ()):
            spelled[name] = link.directive(name)
    skipped = {names.FEDERATION_IDENTITY, names.LINK_IDENTITY}
    return Links(
        federation=federation.version if federation else LEGACY,
        spelled=spelled,
        types=types,
        others=tuple(link for link in links if link.identity not in skipped),
    )
