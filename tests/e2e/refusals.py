"""Asking for refusals: mutations whose every refusal is told, and a watch over what is written."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, cast

import pymongo
from graphql import GraphQLUnionType, get_named_type

from subgraphs.demo.client import Client, Json
from tests.e2e.wide import api

# checkpoints come by the clock, whoever asks; the log itself is in ledger_batches
RESTLESS: Final = (
    *("ledger_lease", "ledger_head", "ledger_checkpoints"),
    *("ledger_anchors", "ledger_nonces", "ledger_chain_nodes", "ledger_chain_scans"),
    *("ledger_failovers", "ledger_backups"),
)


@cache
def telling(mutation: str) -> str:
    """The mutation as an operation that selects all that a refusal says."""
    root = api().mutation_type
    assert root is not None
    field = root.fields[mutation]
    result = get_named_type(field.type)
    assert isinstance(result, GraphQLUnionType)
    members = {member.name for member in result.types}
    told = [
        f"... on {name} {{ {fields} }}"
        for name, fields in (
            ("DomainError", "code message"),
            ("ValidationFailed", "field"),
            ("NotFound", "field"),
            ("InvalidTransitionError", "from to allowed"),
        )
        if name == "DomainError" or name in members
    ]
    input_type = field.args["input"].type
    return (
        f"mutation Try($input: {input_type}) {{ {mutation}(input: $input) {{"
        f" __typename {' '.join(told)} }} }}"
    )


async def refusal(client: Client, mutation: str, given: Mapping[str, object]) -> Json:
    """What a mutation answers: its member, or for a GraphQL error its code under `error`."""
    answer = await client.raw(telling(mutation), {"input": given})
    if answer.get("errors"):
        (error,) = cast("list[Json]", answer["errors"])
        assert answer.get("data") is None, answer
        return {"error": cast("Json", error["extensions"])["code"], "message": error["message"]}
    return cast("Json", cast("Json", answer["data"])[mutation])


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The databases of a running system."""

    client: "pymongo.MongoClient[dict[str, Any]]"

    def state(self) -> dict[str, str]:
        """A digest of each collection's rows, those of the log and its queue among them."""
        return {
            f"{name}.{collection}": digest
            for name in self.client.list_database_names()
            if name.startswith("credgraph_")
            for collection, digest in self.client[name].command("dbHash")["collections"].items()
            if collection not in RESTLESS
        }

    def at_rest(self) -> dict[str, str]:
        """The state once the followers of the log have nothing left to write."""
        state = self.state()
        for _ in range(50):
            time.sleep(0.2)
            before, state = state, self.state()
            if before == state:
                return state
        raise AssertionError("somebody writes without end")
