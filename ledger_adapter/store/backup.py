"""A backup as a folder: every database at one moment, with a digest of each part and of the whole.

    manifest.json    {type, version, at, log, parts: [{database, collection, documents, digest}]}
    <database>.<collection>.bson    its documents one after the other

Laws: a folder is read and checked whole before anything is written; nothing is written over; what
was restored is replayed from its first entry; a log that is older than a head a witness signed
would be a second history of the same log, and is refused. Keys are no part of a backup.
"""

import hashlib
import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ledger_adapter.errors import BackupBehind, BackupRefused
from ledger_adapter.log.checkpoint import format_time, parse_time
from ledger_adapter.store.mongo import copies
from ledger_adapter.witness.heard import Heard

TYPE: Final = "CredGraphBackup"
VERSION: Final = 1
MANIFEST: Final = "manifest.json"
_LENGTH: Final = struct.Struct("<i")
_ROWS: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """`digest` names the whole: SM3 of the manifest's bytes, as `sm3:` and hex."""

    digest: str
    databases: tuple[str, ...]
    documents: int
    size: int
    root: str
    origin: str
    at: datetime


async def take(
    client: Any, folder: Path, *, ledger: str, shard: str, named: Sequence[str], at: Any
) -> Backup:
    """Write a folder that is not there yet; `named` empty: every database of the server."""
    _new(folder)
    moment = await copies.Moment.now(client)
    try:
        size, root, origin = await moment.head(ledger, shard)
        parts = [
            await _part(moment, folder, database, collection)
            for database in named or await copies.databases(client)
            for collection in await copies.collections(client, database)
        ]
    finally:
        await moment.end()
    log = {"database": ledger, "shard": shard, "origin": origin, "size": size, "root": root}
    manifest = {"type": TYPE, "version": VERSION, "at": format_time(at), "log": log, "parts": parts}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return read(folder)


def _new(folder: Path) -> None:
    """A folder that is there already is an older backup."""
    folder.mkdir(parents=True)


async def _part(
    moment: copies.Moment, folder: Path, database: str, collection: str
) -> dict[str, object]:
    digest, count = hashlib.new("sm3"), 0
    with (folder / f"{database}.{collection}.bson").open("xb") as file:
        async for row in moment.rows(database, collection):
            file.write(row)
            digest.update(row)
            count += 1
    return {
        "database": database,
        "collection": collection,
        "documents": count,
        "digest": f"sm3:{digest.hexdigest()}",
    }


def read(folder: Path) -> Backup:
    """The whole folder read back; BackupRefused names the first part that is not what it was."""
    raw = (folder / MANIFEST).read_bytes()
    manifest = _manifest(raw)
    for part in manifest["parts"]:
        digest, count = hashlib.new("sm3"), 0
        for row in _rows(folder, part):
            digest.update(row)
            count += 1
        if (count, f"sm3:{digest.hexdigest()}") != (part["documents"], part["digest"]):
            raise BackupRefused(f"{_file(part)} is not what the manifest says")
    log = manifest["log"]
    return Backup(
        digest=f"sm3:{hashlib.new('sm3', raw).hexdigest()}",
        databases=tuple(dict.fromkeys(part["database"] for part in manifest["parts"])),
        documents=sum(part["documents"] for part in manifest["parts"]),
        size=log["size"],
        root=log["root"],
        origin=log["origin"],
        at=parse_time(manifest["at"]),
    )


async def restore(client: Any, folder: Path, *, heard: Sequence[Heard], needed: int) -> Backup:
    """Into databases that hold nothing yet. `heard`: every witness of the log, `needed` of whom
    make a head count."""
    found = read(folder)
    must_not_be_behind(found, heard, needed)
    await _write(client, folder, {database: database for database in found.databases})
    return found


async def beside(client: Any, folder: Path, into: str) -> Backup:
    """The log alone, into a database of another name: to be replayed there, not to go on from."""
    found = read(folder)
    log = _manifest((folder / MANIFEST).read_bytes())["log"]
    await _write(client, folder, {log["database"]: into})
    return found


async def _write(client: Any, folder: Path, into: Mapping[str, str]) -> None:
    """`into`: the name that each database gets; the others stay where they are."""
    for database in into.values():
        if await copies.collections(client, database):
            raise BackupRefused(f"database {database} holds something: restore into empty ones")
    for part in _manifest((folder / MANIFEST).read_bytes())["parts"]:
        if part["database"] in into:
            await _write_part(client, folder, part, into[part["database"]])


async def _write_part(client: Any, folder: Path, part: Mapping[str, Any], database: str) -> None:
    some: list[bytes] = []
    for row in _rows(folder, part):
        some.append(row)
        if len(some) == _ROWS:
            await copies.put(client, database, part["collection"], some)
            some = []
    await copies.put(client, database, part["collection"], some)


def must_not_be_behind(found: Backup, heard: Sequence[Heard], needed: int) -> None:
    """Of any `needed` witnesses one has to be heard: otherwise a newer head may be out there."""
    answers = [one for one in heard if one.size is not None]
    if needed and len(answers) < len(heard) - needed + 1:
        silent = ", ".join(one.name for one in heard if one.size is None)
        raise BackupRefused(f"too few witnesses tell what they signed; silent: {silent}")
    for one in answers:
        if one.size is not None and one.size > found.size:
            raise BackupBehind(one.name, one.size, found.size)


def _manifest(raw: bytes) -> Any:
    try:
        manifest = json.loads(raw)
        if (manifest["type"], manifest["version"]) == (TYPE, VERSION):
            return manifest
    except (ValueError, KeyError, TypeError):
        pass
    raise BackupRefused(f"{MANIFEST} is not of a backup of this version")


def _file(part: Mapping[str, Any]) -> str:
    name = f"{part['database']}.{part['collection']}.bson"
    if "/" in name or name.startswith("."):
        raise BackupRefused(f"{name} names no file of the folder")
    return name


def _rows(folder: Path, part: Mapping[str, Any]) -> Iterator[bytes]:
    with (folder / _file(part)).open("rb") as file:
        while length := file.read(_LENGTH.size):
            if len(length) < _LENGTH.size:
                raise BackupRefused(f"{_file(part)} ends in the middle")
            (size,) = _LENGTH.unpack(length)
            row = length + file.read(max(size - _LENGTH.size, 0))
            if len(row) != size:
                raise BackupRefused(f"{_file(part)} ends in the middle")
            yield row
