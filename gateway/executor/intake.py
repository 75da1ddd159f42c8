"""Takes answers into the tree, and notes whatever is wrong with them instead of raising."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from gateway.errors import SUBREQUEST_MALFORMED_RESPONSE
from gateway.executor.blame import Asked, Trouble
from gateway.executor.levels import Finds
from gateway.executor.merge import merge_into_each, merge_object
from gateway.executor.paths import Tree
from gateway.executor.ports import Fault, SubgraphReply
from gateway.plan.nodes import Fetch


class Intake:
    """The internal tree of one run, and the troubles met while it was filled. Without `shared`
    each of several holders gets its own copy of an answer."""

    __slots__ = ("_shared", "finds", "tree", "troubles")

    def __init__(self, finds: Finds, *, shared: bool = True) -> None:
        self.finds, self.tree = finds, finds.tree
        self._shared = shared
        self.troubles: list[Trouble] = []

    def take_root(self, fetch: Fetch, outcome: SubgraphReply | Fault) -> None:
        data = self._data(fetch, (), outcome)
        if data is not None:
            merge_object(self.tree, data)
            self.finds.moved(None)

    def take_entities(
        self, fetch: Fetch, asked: Sequence[Asked], outcome: SubgraphReply | Fault
    ) -> None:
        data = self._data(fetch, asked, outcome)
        if data is None:
            return
        explained = isinstance(outcome, SubgraphReply) and bool(outcome.errors)
        for ask in asked:
            if not ask.target.representations:
                for waiting in ask.holders:
                    self._merge_into(waiting, data)
                self.finds.moved(ask.level)
            elif ask.holders:
                self._merge(fetch, ask, data.get(ask.target.response_key), explained=explained)

    def _merge(self, fetch: Fetch, ask: Asked, entities: Any, *, explained: bool) -> None:
        if entities is None and explained:
            return
        if entities.__class__ is not list or len(entities) != len(ask.holders):
            self._malformed(fetch, (ask,), f"did not give {len(ask.holders)} entities as asked")
            return
        for waiting, entity in zip(ask.holders, entities, strict=True):
            if entity.__class__ is dict:
                self._merge_into(waiting, entity)
            elif entity is not None:
                self._malformed(fetch, (Asked(ask.target, [waiting]),), "gave no object")
        if (ask.level is None or ask.level.leads_on) and any(map(_has_objects, entities)):
            self.finds.moved(ask.level)

    def _merge_into(self, waiting: Sequence[Tree], answer: Tree) -> None:
        if self._shared:
            merge_into_each(waiting, answer)
        else:
            for holder in waiting:
                merge_object(holder, deepcopy(answer))

    def _data(
        self, fetch: Fetch, asked: Sequence[Asked], outcome: SubgraphReply | Fault
    ) -> Tree | None:
        if isinstance(outcome, Fault):
            self.troubles.append(Trouble(fetch=fetch, asked=asked, problem=outcome))
            return None
        if outcome.errors:
            self.troubles.append(Trouble(fetch=fetch, asked=asked, problem=outcome.errors))
        data: Any = outcome.data
        if data.__class__ is dict:
            tree: Tree = data
            return tree
        if data is not None or not outcome.errors:
            self._malformed(fetch, asked, "gave neither data nor errors")
        return None

    def _malformed(self, fetch: Fetch, asked: Sequence[Asked], what: str) -> None:
        fault = Fault(
            code=SUBREQUEST_MALFORMED_RESPONSE,
            message=f"subgraph {fetch.subgraph!r} {what}",
            subgraph=fetch.subgraph,
        )
        self.troubles.append(Trouble(fetch=fetch, asked=asked, problem=fault))


def _has_objects(answer: Any) -> bool:
    """Whether the paths of a plan may lead further once this answer is merged."""
    if answer.__class__ is not dict:
        return False
    for value in answer.values():
        if value.__class__ is dict or value.__class__ is list:
            return True
    return "__typename" in answer
