"""The ledger as a process: wait for the database, then lead, or audit."""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from ledger_adapter.config import Settings
from ledger_adapter.crypto.keys import load_private_key
from ledger_adapter.crypto.sm2 import PrivateKey, active_provider
from ledger_adapter.errors import LedgerFault, LedgerUnavailable
from ledger_adapter.port import LogRef, Shard
from ledger_adapter.replay import Audit, replay
from ledger_adapter.sequencer import Sequencer, SequencerOptions, log_ref
from ledger_adapter.store.mongo.log import MongoLog
from ledger_adapter.store.mongo.seam import connect, settle, wait_until_writable

logger = logging.getLogger("credgraph.ledger")

WAIT_SECONDS: Final = 60.0


async def lead(settings: Settings) -> None:
    """Sequence for ever. Raises LedgerFault with a sentence for the operator."""
    key = load_private_key(settings.key)
    logger.info("SM2 signatures by %s", active_provider())
    async with _opened(settings) as store:
        options = SequencerOptions(
            owner=f"{socket.gethostname()}:{os.getpid()}:{os.urandom(4).hex()}",
            checkpoint_seconds=settings.checkpoint_seconds,
            lease_seconds=settings.lease_seconds,
        )
        sequencer = Sequencer(store, log=_log(settings, key), key=key, options=options)
        try:
            await sequencer.run()
        except* LedgerFault as faults:
            raise _first(faults) from None


async def audit(settings: Settings) -> Audit:
    """Replay the whole log; raises LogCorrupt naming the first difference."""
    key = load_private_key(settings.key)
    async with _opened(settings) as store:
        return await replay(store, log=_log(settings, key), key=key.public_key)


def _log(settings: Settings, key: PrivateKey) -> LogRef:
    return log_ref(origin=settings.log_origin, shard=settings.shard, first_key=key.public_key)


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[MongoLog]:
    client = connect(settings.mongodb, settings.driver)
    try:
        await wait_until_writable(client, seconds=WAIT_SECONDS)
        yield MongoLog(client[settings.database], Shard(settings.shard))
    finally:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await settle(client.close())


def _first(group: BaseExceptionGroup[LedgerFault]) -> LedgerFault:
    """The one fault to tell: what stopped the log, before what merely went away with it."""
    found: list[LedgerFault] = []
    pending: list[LedgerFault | BaseExceptionGroup[LedgerFault]] = [group]
    while pending:
        match pending.pop():
            case BaseExceptionGroup() as inner:
                pending += inner.exceptions
            case fault:
                found.append(fault)
    return min(found, key=lambda fault: isinstance(fault, LedgerUnavailable))
