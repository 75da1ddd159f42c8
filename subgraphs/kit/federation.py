"""The schema class of all four subgraphs: federation 2.9, batched entities, shared roots, stubs.

Laws: one `resolve_references` call a type and request; representations are never mutated (two
aliases of `_entities` share them); an ill representation empties its own slot and no other; a fault
inside leaves as INTERNAL with an id that the log repeats.
"""

from __future__ import annotations

import logging
import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, cast

import strawberry
from graphql import GraphQLError
from strawberry import federation
from strawberry.extensions import MaskErrors, ParserCache, ValidationCache
from strawberry.federation.schema import FederationAny
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import create_type
from strawberry.types import ExecutionContext

from subgraphs.kit.context import OPERATION, Info
from subgraphs.kit.errors import Refusal
from subgraphs.kit.ids import type_of
from subgraphs.kit.nodes import Entity, NodeStub, Representation, has_key, with_stubs
from subgraphs.kit.scalars import SCALARS
from subgraphs.kit.types import Node
from subgraphs.kit.viewer import Role

CACHED_DOCUMENTS: Final = 256
log = logging.getLogger("credgraph.subgraph")


class Schema(federation.Schema):
    """A subgraph's schema. `served` are the node types it resolves; the rest become stubs.
    `entities` are those that it resolves by another key than an id."""

    def __init__(
        self,
        *,
        query: type,
        served: Sequence[type[Node]],
        mutation: type | None = None,
        subscription: type | None = None,
        types: Sequence[type] = (),
        entities: Sequence[type] = (),
    ) -> None:
        self.nodes = with_stubs(served)
        self.entities: Mapping[str, type] = {
            **self.nodes,
            **{cls.__name__: cls for cls in entities},
        }
        super().__init__(
            query=_with_shared_roots(query, self.nodes["Holder"]),
            mutation=mutation,
            subscription=subscription,
            types=[*types, *self.entities.values()],
            extensions=[_fault_mask, _parser_cache, _validation_cache],
            config=StrawberryConfig(scalar_map=SCALARS),
            federation_version="2.9",
        )

    async def entities_resolver(  # type: ignore[override]  # async, and typed by its users
        self, info: strawberry.Info, representations: list[FederationAny]
    ) -> list[FederationAny]:
        """Answer `_entities`, in the order asked."""
        groups: defaultdict[str, list[int]] = defaultdict(list)
        answers: list[object] = [None] * len(representations)
        for slot, representation in enumerate(representations):
            name = _type_name(representation)
            if name not in self.entities:
                continue
            if has_key(self.entities[name], cast("Representation", representation)):
                groups[name].append(slot)
            else:
                answers[slot] = Refusal("no key of this type", code="BAD_USER_INPUT")
        for name, slots in groups.items():
            asked = [cast("Representation", representations[slot]) for slot in slots]
            for slot, answer in zip(slots, await self._resolve(info, name, asked), strict=True):
                answers[slot] = answer
        return cast("list[FederationAny]", answers)

    async def node(self, info: strawberry.Info, id_: str) -> Node | None:
        """The node an id names, fields empty where the row is absent or not for this viewer."""
        name = type_of(id_)
        if name is None or name not in self.nodes:
            return None
        (answer,) = await self._resolve(info, name, [{"id": id_}])
        if isinstance(answer, Exception):
            raise answer
        return cast("Node", answer) if answer else self.nodes[name](id=strawberry.ID(id_))

    async def _resolve(
        self, info: strawberry.Info, name: str, asked: Sequence[Representation]
    ) -> Sequence[object]:
        cls = self.entities[name]
        if issubclass(cls, NodeStub):
            return [_bare(cls, name, representation) for representation in asked]
        try:
            return await cast("type[Entity]", cls).resolve_references(
                cast("Info[Any]", info), asked
            )
        except Exception as fault:  # noqa: BLE001  # one type's fault stays in its slots
            return [fault] * len(asked)

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Refusals are no news; faults inside are logged where they get their id (`FaultMask`)."""


class FaultMask(MaskErrors):
    """Hides what went wrong inside, and nothing else; gives graphql-core's own refusals a code."""

    def anonymise_error(self, error: GraphQLError) -> GraphQLError:
        if not _is_fault(error):
            error.extensions = {**(error.extensions or {}), "code": "BAD_USER_INPUT"}
            return error
        fault = secrets.token_hex(6)
        log.error(
            *("fault %s of operation %s at %s", fault, OPERATION.get(), error.path),
            exc_info=error.original_error,
        )
        return GraphQLError(
            "internal error",
            nodes=error.nodes,
            source=error.source,
            positions=error.positions,
            path=error.path,
            extensions={"code": "INTERNAL", "id": fault},
        )


def _is_fault(error: GraphQLError) -> bool:
    original = error.original_error
    return original is not None and not isinstance(original, Refusal | GraphQLError)


def _lacks_code(error: GraphQLError) -> bool:
    return _is_fault(error) or "code" not in (error.extensions or {})


def _fault_mask() -> FaultMask:
    return FaultMask(should_mask_error=_lacks_code)


def _parser_cache() -> ParserCache:
    return ParserCache(maxsize=CACHED_DOCUMENTS)


def _validation_cache() -> ValidationCache:
    return ValidationCache(maxsize=CACHED_DOCUMENTS)


def _type_name(representation: object) -> str:
    if not isinstance(representation, dict):
        return ""
    name, key = representation.get("__typename"), representation.get("id")
    if key is not None and type_of(key) != name:
        return ""
    return name if isinstance(name, str) else ""


def _bare(cls: type[Node], name: str, representation: Representation) -> Node | None:
    key = representation.get("id")
    return cls(id=strawberry.ID(str(key))) if type_of(key) == name else None


async def _node(
    info: strawberry.Info,
    id_: Annotated[
        strawberry.ID, strawberry.argument(name="id", description="A global id (全局标识).")
    ],
) -> Node | None:
    return await cast("Schema", info.schema).node(info, id_)


async def _me(info: strawberry.Info) -> Node | None:
    viewer = info.context.viewer
    if viewer.role is not Role.HOLDER or viewer.holder is None:
        return None
    return await cast("Schema", info.schema).node(info, viewer.holder)


def _with_shared_roots(query: type, holder: type[Node]) -> type:
    node = federation.field(
        resolver=_node,
        name="node",
        shareable=True,
        description="The object an id names; its fields are null where it is not to be seen.",
    )
    me = federation.field(
        resolver=_me,
        name="me",
        shareable=True,
        graphql_type=holder | None,
        description="The holder who asks, null for others (本人).",
    )
    shared = create_type("SharedRoots", [node, me])
    merged: type = strawberry.type(type("Query", (shared, query), {}), description=None)
    return merged
