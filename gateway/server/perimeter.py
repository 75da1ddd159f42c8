"""Keeps allow-lists as they are told: asked of a subgraph in the gateway's own name, every so
often, and kept in a file for a start without it.

Laws: a source that is ill, slow or gone leaves what was known; the file is written whole beside
and put in place; what it holds was accepted once.
"""

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from gateway.access.perimeter import Perimeter, PerimeterRules
from gateway.auth.context import CallContext
from gateway.config.parts import NetworkSourceSettings
from gateway.errors import BadAllowList
from gateway.executor.ports import SubgraphClient, SubgraphReply, SubgraphRequest
from gateway.spec.names import SubgraphName

_LOG = logging.getLogger("credgraph.perimeter")
_SECONDS: Final = 10.0
_EAGER: Final = 0.25
_LARGEST_FILE: Final = 64 * 1024 * 1024


class NetworkSource(Protocol):
    """Where allow-lists come from."""

    async def read(self) -> object:
        """The document of `read_lists`. Raises BadAllowList when there is none to be had."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class QuerySource:
    """A query without variables and with one field at its root, under a context token that names
    the gateway itself."""

    client: SubgraphClient
    subgraph: SubgraphName
    document: str

    async def read(self) -> object:
        reply = await self.client.fetch(
            SubgraphRequest(
                subgraph=self.subgraph,
                document=self.document,
                operation_name=None,
                variables={},
                kind="query",
                context=CallContext(own=True),
                deadline=asyncio.get_running_loop().time() + _SECONDS,
            )
        )
        data = reply.data if isinstance(reply, SubgraphReply) and not reply.errors else None
        if not isinstance(data, Mapping) or len(data) != 1:
            raise BadAllowList(f"{self.subgraph} told no allow-lists")
        (document,) = data.values()
        return document


async def keep_perimeter(
    perimeter: Perimeter,
    source: NetworkSource,
    *,
    every: float,
    kept: Path | None,
    is_ready: Callable[[], bool],
) -> None:
    """Until cancelled. Told at once where the source answers; eager until lists are known. That
    a source is not there yet while all is starting is no warning: `is_ready` was never true."""
    started = False
    while True:
        started = started or is_ready()
        await look(perimeter, source, kept, logging.WARNING if started else logging.INFO)
        await asyncio.sleep(every if perimeter.known else min(every, _EAGER))


async def look(
    perimeter: Perimeter, source: NetworkSource, kept: Path | None, level: int = logging.WARNING
) -> None:
    """Take the lists as they are told now; what can't be taken leaves those before."""
    try:
        document = await source.read()
        changed = perimeter.take(document)
    except BadAllowList as error:
        _LOG.log(level, "allow-lists were not read, those before hold: %s", error.message)
        return
    if changed and kept is not None:
        try:
            await asyncio.to_thread(_write, kept, document)
        except OSError as error:
            _LOG.error("allow-lists could not be kept in %s: %s", kept, error.strerror)


def perimeter_of(settings: NetworkSourceSettings | None) -> Perimeter | None:
    """With what the file keeps. A file that can't be read is told of, and counts as none."""
    if settings is None:
        return None
    rules = PerimeterRules(
        claim=settings.claim,
        marked=settings.marked,
        admits_unlisted=settings.unlisted == "admit",
    )
    perimeter = Perimeter(rules)
    if settings.kept is not None:
        try:
            perimeter.take(_read(settings.kept))
        except FileNotFoundError:
            pass
        except (OSError, ValueError, BadAllowList) as error:
            _LOG.error("kept allow-lists were not read from %s: %s", settings.kept, error)
    return perimeter


def source_of(settings: NetworkSourceSettings, client: SubgraphClient) -> QuerySource:
    return QuerySource(
        client=client, subgraph=SubgraphName(settings.subgraph), document=settings.query
    )


def _read(path: Path) -> object:
    with path.open("rb") as file:
        return json.loads(file.read(_LARGEST_FILE))


def _write(path: Path, document: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        beside.write_text(json.dumps(document), encoding="utf-8")
        beside.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()
