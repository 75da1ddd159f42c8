"""What nobody may see takes no other work than what is not there: the same commands to the
database, in the same order, so that no clock tells the two apart.

The subgraphs run in this process, over the databases of the played story, and pymongo says what it
sends. Compared are commands, collections and the members their filters name. No data key is held
from one question to the next: a key that was read for what is hidden is always heard.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import httpx
import pytest
from pymongo import monitoring

from subgraphs.kit import holder_keys
from subgraphs.kit.ids import BY_TYPE, new_id
from subgraphs.kit.main import load
from tests.access.asking import SUBGRAPHS, Question, context_token, questions, subgraph_schema
from tests.access.test_rules import ROOMS
from tests.access.world import World

STRANGERS: Final = ("other_holder", "other_issuer", "other_verifier", "analyst", "nobody")
_SHARED: Final = frozenset({"Institution", "CredentialSchema"})
_WORDS: Final = ("filter", "query", "pipeline")
Sent = tuple[str, str, tuple[str, ...]]


class Overheard(monitoring.CommandListener):
    """Commands while somebody listens."""

    def __init__(self) -> None:
        self.commands: list[Sent] | None = None

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if self.commands is not None:
            words: Any = next((event.command[word] for word in _WORDS if word in event.command), {})
            collection = str(event.command.get(event.command_name))
            self.commands.append((event.command_name, collection, tuple(sorted(_members(words)))))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """What it took is another question."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """See `succeeded`."""

    @contextmanager
    def listening(self) -> Iterator[list[Sent]]:
        heard: list[Sent] = []
        self.commands = heard
        try:
            yield heard
        finally:
            self.commands = None


def _members(words: Any) -> Iterator[str]:
    """The names in a filter, at any depth."""
    for inner in words if isinstance(words, list) else ():
        yield from _members(inner)
    for name, inner in words.items() if isinstance(words, Mapping) else ():
        yield name
        yield from _members(inner)


OVERHEARD: Final = Overheard()
monitoring.register(OVERHEARD)


def about_objects(world: World, room: str) -> Iterator[Question]:
    """The questions of the matrix that begin with an id."""
    for question in questions(world, subgraph_schema(room), at_once=1):
        types = {name for name in question.variables if name in world.ids}
        if types and not types & _SHARED:
            yield question


def not_there(variables: Mapping[str, str], world: World) -> dict[str, str]:
    return {
        name: new_id(BY_TYPE[name].prefix) if name in world.ids else value
        for name, value in variables.items()
    }


@pytest.mark.parametrize("room", SUBGRAPHS)
async def test_what_is_hidden_takes_the_work_of_what_is_not_there(
    world: World, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holder_keys, "FORGET_SECONDS", 0.0)
    _, opened = ROOMS[room]
    asked = list(about_objects(world, room))
    assert asked
    differ, sent = [], 0
    async with opened(load(world.stack.deployment.environment())) as service:
        transport = httpx.ASGITransport(app=service.app)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{room}") as http:
            for role in STRANGERS:
                token = context_token(world, room, world.claims[role])
                http.headers["authorization"] = f"Bearer {token}"
                for question in asked:
                    found: list[list[Sent]] = []
                    unknown = not_there(question.variables, world)
                    for variables in (unknown, question.variables, unknown):
                        body = {"query": question.text, "variables": variables}
                        with OVERHEARD.listening() as heard:
                            answer = await http.post("/graphql", json=body)
                        assert answer.status_code == 200
                        found.append(heard)
                    sent += len(found[1])
                    if found[1] != found[2]:
                        differ.append(f"{role}: {question.text}\n  {found[1]}\n  {found[2]}")
    assert sent, "somebody is asked of the database"
    assert not differ, "\n".join(differ)
