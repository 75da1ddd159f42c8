"""Days that pass within a demonstration: a due date of one row is moved, and nothing else.

The jobs that look at due dates are the services' own; no clock is turned.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from subgraphs.demo.deployment import DemoError, Deployment
from subgraphs.kit.main import load
from subgraphs.kit.mongo import Mongo
from subgraphs.kit.settings import ServiceName


async def falls_due(
    deployment: Deployment, service: ServiceName, collection: str, row: str, field: str
) -> None:
    """The row's due date was a second ago."""
    database = load(deployment.environment()).database(service)
    mongo = Mongo(deployment.uri)
    try:
        rows = mongo.database(database)[collection]
        where = {"_id": row, field: {"$exists": True}}
        moved = {"$set": {field: datetime.now(UTC) - timedelta(seconds=1)}}
        done = await rows.update_one(where, moved)
    finally:
        await mongo.close()
    if not done.matched_count:
        raise DemoError(f"{row} has no {field} to fall due")
