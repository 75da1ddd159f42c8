"""The log on a MongoDB replica set, by motor or pymongo's async client.

Both functions take the driver's own database object and do no input or output themselves.
"""

from typing import Any

from ledger_adapter.port import Ledger, Queue, Shard
from ledger_adapter.reader import LogReader
from ledger_adapter.store.mongo.anchors import MongoAnchors
from ledger_adapter.store.mongo.log import MongoLog
from ledger_adapter.store.mongo.queue import LIMIT, MongoQueue

__all__ = ["MongoAnchors", "MongoLog", "MongoQueue", "open_ledger", "open_queue"]


def open_queue(database: Any, *, shard: str, limit: int = LIMIT) -> Queue:
    """The way in, for writers; `put` takes a session of the same client as `database`."""
    return MongoQueue(database, Shard(shard), limit=limit)


def open_ledger(database: Any, *, shard: str) -> Ledger:
    """The way out, for followers and provers. One a process: it keeps full tiles."""
    return LogReader(MongoLog(database, Shard(shard)), MongoAnchors(database, Shard(shard)))
