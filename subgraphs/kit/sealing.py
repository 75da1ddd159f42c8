"""Wires the sealing of a subgraph's database, and seals once what an older version left plain."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from ledger_adapter.crypto.wrapping import FileMasterKeys
from subgraphs.kit.holder_keys import HolderKeys
from subgraphs.kit.mongo import Collection, Database, Mongo
from subgraphs.kit.personal import PERSONAL
from subgraphs.kit.sealed import Personal, SealedDatabase, Sealing
from subgraphs.kit.settings import ServiceName, Settings

DONE: Final = "field_sealing"


def holder_keys(name: ServiceName, settings: Settings, mongo: Mongo) -> HolderKeys:
    """The data keys of one subgraph, under its own master keys."""
    masters = FileMasterKeys(settings.field_keys / name, settings.key_files)
    return HolderKeys(mongo.database(settings.database(name)), masters)


def sealed_database(
    name: ServiceName, settings: Settings, mongo: Mongo, keys: HolderKeys
) -> SealedDatabase:
    """The subgraph's database as everything above the driver sees it."""
    return SealedDatabase(mongo.database(settings.database(name)), PERSONAL[name], keys)


async def seal_what_is_plain(
    database: Database, personal: Mapping[str, Personal], keys: HolderKeys
) -> int:
    """Seal rows from before their fields were personal; how many. Looks once per declaration."""
    await keys.check()
    sealed = 0
    for name, declared in personal.items():
        text = repr((sorted(declared.fields), declared.owner, declared.digests))
        mark = {"_id": name, "declared": hashlib.sha256(text.encode()).hexdigest()}
        if await database[DONE].find_one(mark) is not None:
            continue
        sealed += await _seal_rows(database[name], Sealing(name, declared, keys))
        await database[DONE].replace_one({"_id": name}, mark, upsert=True)
    return sealed


async def _seal_rows(rows: Collection, sealing: Sealing) -> int:
    changed = 0
    async for row in rows.find({}):
        stored = await sealing.sealed(row, str(row[sealing.personal.owner]), row["_id"])
        if stored != row:
            firsts = {path.split(".")[0] for path in sealing.personal.fields}
            still = {"_id": row["_id"]} | {name: row[name] for name in firsts if name in row}
            done = await rows.replace_one(still, stored)
            changed += done.modified_count
    return changed
