"""The ledger as a process: wait for the database, then lead, or audit; and a witness as one."""

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx

from ledger_adapter.anchors.machine import Anchorer, AnchorOptions
from ledger_adapter.anchors.scan import Scanner, audit_anchors, scan_chain
from ledger_adapter.chains.embedded.process import run_nodes
from ledger_adapter.chains.embedded.settings import EmbeddedSettings
from ledger_adapter.chains.embedded.state import VoterState
from ledger_adapter.chains.embedded.voter import Voter, VoterDoor
from ledger_adapter.chains.evm.settings import EvmSettings
from ledger_adapter.chains.port import Chain
from ledger_adapter.config import Settings
from ledger_adapter.crypto.ed25519 import Ed25519Signer
from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.crypto.terms import KeyTerms
from ledger_adapter.errors import BadProof, BadSettings, LedgerFault, LedgerUnavailable, LogCorrupt
from ledger_adapter.evidence.block import TrustedBlocks
from ledger_adapter.evidence.trust import Trust, TrustedLog, load_trust, rotate_key
from ledger_adapter.log.checkpoint import key_id
from ledger_adapter.port import BackupRecord, LogRef, Shard
from ledger_adapter.replay import Audit, replay
from ledger_adapter.sequencer import Job, LogKeys, Sequencer, SequencerOptions, log_ref
from ledger_adapter.serving import serve
from ledger_adapter.store import backup
from ledger_adapter.store.backup import Backup
from ledger_adapter.store.mongo.anchors import MongoAnchors
from ledger_adapter.store.mongo.log import MongoLog
from ledger_adapter.store.mongo.seam import connect, settle, wait_until_writable
from ledger_adapter.witness.app import witness_app
from ledger_adapter.witness.client import WitnessClient, WitnessGroup
from ledger_adapter.witness.heard import hear
from ledger_adapter.witness.judge import Witness
from ledger_adapter.witness.state import WitnessState

logger = logging.getLogger("credgraph.ledger")

WAIT_SECONDS: Final = 60.0


async def lead(settings: Settings) -> None:
    """Sequence for ever. Raises LedgerFault with a sentence for the operator."""
    provider = settings.key_files.start()
    keys = log_keys(settings)
    logger.info("SM2 signatures by %s", provider)
    async with _opened(settings) as store, httpx.AsyncClient(trust_env=False) as http:
        options = SequencerOptions(
            owner=f"{socket.gethostname()}:{os.getpid()}:{os.urandom(4).hex()}",
            checkpoint_seconds=settings.checkpoint_seconds,
            lease_seconds=settings.lease_seconds,
        )
        sequencer = Sequencer(
            store,
            log=_log(settings, keys),
            key=keys,
            options=options,
            witnesses=_witnesses(settings, http),
            anchorer=_anchorer(settings, store, keys, http),
        )
        try:
            await sequencer.run()
        except* LedgerFault as faults:
            raise _first(faults) from None


def _witnesses(settings: Settings, http: httpx.AsyncClient) -> WitnessGroup | None:
    if not settings.witnesses:
        return None
    if settings.trust is None:
        raise BadSettings("ledger.trust is empty: name the trust file that has the witness keys")
    known = {witness.name: witness for witness in load_trust(settings.trust).witnesses}
    for asked in settings.witnesses:
        if asked.name not in known:
            raise BadSettings(f"the trust file names no witness {asked.name}")
    return WitnessGroup([WitnessClient(known[w.name], w.url, http) for w in settings.witnesses])


def _trust(settings: Settings) -> Trust:
    if settings.trust is None:
        raise BadSettings("ledger.trust is empty: name the trust file that has the chains' voters")
    return load_trust(settings.trust)


def _anchorer(
    settings: Settings, store: MongoLog, keys: LogKeys, http: httpx.AsyncClient
) -> Job | None:
    if not settings.chains:
        return None
    options = AnchorOptions(
        seconds=settings.anchor_seconds,
        heartbeat_seconds=settings.heartbeat_seconds,
        mode=settings.anchor_mode,
    )
    chains, log_id = open_chains(settings, keys, http), _log(settings, keys).id
    rows, seconds = store.anchors(), settings.scan_seconds
    return _Both(
        Anchorer(rows, store, chains, log_id=log_id, options=options),
        Scanner(chains, rows, store, log_id=log_id, seconds=seconds),
    )


class _Both:
    """Two jobs of the leader, beside each other."""

    def __init__(self, one: Job, two: Job) -> None:
        self._jobs = (one, two)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for job in self._jobs:
                group.create_task(job.run())


def open_chains(settings: Settings, keys: LogKeys, http: httpx.AsyncClient) -> Sequence[Chain]:
    """Every chain of the settings, in their order; no node is asked yet."""
    log = _log(settings, keys)
    chains: list[Chain] = []
    for values in settings.chains:
        if values["kind"] == "evm":
            terms = settings.key_files
            evm = EvmSettings.from_mapping(values)
            chains.append(
                evm.open(http, log_id=log.id, passphrase=terms.passphrase, plain=terms.plain)
            )
        else:
            writer = key_id(settings.log_origin, keys.first)
            embedded = EmbeddedSettings.from_mapping(values)
            chains.append(embedded.open(http, _trust(settings), writer=writer))
    return chains


def chain_nodes(settings: Settings) -> None:
    """Run the nodes of the embedded chains until a signal."""
    provider = settings.key_files.start()
    witnesses = {witness.name: witness.url for witness in settings.witnesses}
    specs = [
        spec
        for values in settings.chains
        if values["kind"] == "embedded"
        for spec in EmbeddedSettings.from_mapping(values).specs(
            _trust(settings), witnesses=witnesses, key_files=settings.key_files
        )
    ]
    if not specs:
        raise BadSettings("ledger.chains names no embedded chain")
    logger.info("SM2 signatures by %s", provider)
    run_nodes(specs)


async def audit(settings: Settings) -> Audit:
    """Replay the whole log; raises LogCorrupt naming the first difference."""
    settings.key_files.start()
    keys = log_keys(settings)
    trust = load_trust(settings.trust) if settings.trust else None
    known = trust.log(settings.log_origin) if trust else None
    async with _opened(settings) as store:
        log = _log(settings, keys)
        found = await replay(
            store,
            log=log,
            key=keys.first,
            witnesses=trust.witnesses if trust else (),
            later_keys=known.keys if known else (),
        )
        if trust is not None and trust.chains is not None:
            anchors = await audit_anchors(store.anchors(), store, log_id=log.id, trust=trust)
            return replace(found, anchors=anchors)
        return found


async def back_up(settings: Settings, folder: Path, named: Sequence[str]) -> Backup:
    """Every database of the server, or those named, as they are at one moment; kept in the list of
    backups, where nothing of it is an event: a log that went on would leave the backup behind."""
    async with _connected(settings) as client:
        taken = await backup.take(
            client,
            folder,
            ledger=settings.database,
            shard=settings.shard,
            named=named,
            at=datetime.now(UTC),
        )
        await _listed(settings, client, taken, None)
        return taken


async def verify_backup(settings: Settings, folder: Path) -> Audit:
    """The folder read, its log restored under another name and replayed from the first entry; what
    was restored is dropped again, and the list of backups says that it holds."""
    async with _connected(settings) as client:
        aside = f"{settings.database}_check_{os.urandom(4).hex()}"
        try:
            found = await backup.beside(client, folder, aside)
            checked = await audit(replace(settings, database=aside))
        finally:
            await client.drop_database(aside)
        _must_match(checked, found)
        await _listed(settings, client, found, datetime.now(UTC))
    return checked


async def _listed(settings: Settings, client: Any, found: Backup, at: datetime | None) -> None:
    record = BackupRecord(
        digest=found.digest,
        size=found.size,
        documents=found.documents,
        taken_at=found.at,
        verified_at=at,
    )
    await MongoAnchors(client[settings.database], Shard(settings.shard)).see_backup(record)


def _must_match(checked: Audit, found: Backup) -> None:
    if (checked.entries, checked.root.hex()) != (found.size, found.root or checked.root.hex()):
        raise LogCorrupt("what was restored is not the log that the manifest names")


async def restore(settings: Settings, folder: Path) -> Audit:
    """Read, held against the witnesses, written into empty databases, replayed from the start."""
    trust = load_trust(settings.trust) if settings.trust else None
    urls = {one.name: one.url for one in settings.witnesses}
    async with _connected(settings) as client, httpx.AsyncClient(trust_env=False) as http:
        heard = await hear(http, urls, settings.log_origin)
        needed = trust.witnesses_needed if trust else 0
        found = await backup.restore(client, folder, heard=heard, needed=needed)
    checked = await audit(settings)
    _must_match(checked, found)
    return checked


async def audit_chains(settings: Settings) -> Sequence[str]:
    """One line a chain: its anchors hold and nothing but heads went there; LogCorrupt if not."""
    keys = log_keys(settings)
    lines: list[str] = []
    log = _log(settings, keys)
    async with _opened(settings) as store, httpx.AsyncClient(trust_env=False) as http:
        rows = store.anchors()
        held = await audit_anchors(rows, store, log_id=log.id, trust=_trust(settings))
        lines.append(f"{held} anchors hold under the trust file's chains")
        for chain in open_chains(settings, keys, http):
            found = await scan_chain(chain, rows, store, log_id=log.id)
            lines.append(
                f"chain {found.chain}: {found.payloads} payloads, {found.bytes} bytes, "
                "nothing but log id, size, root, time and signatures"
            )
    return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessFiles:
    """What one witness has of its own: its key, what it remembers, and the logs it watches."""

    key: Path
    state: Path
    trust: Path
    key_files: KeyTerms


def witness(files: WitnessFiles, *, name: str, host: str, port: int) -> None:
    """Serve one witness until a signal; its logs are those of its own trust file."""
    provider = files.key_files.start()
    private = files.key_files.load(files.key)
    remembered = WitnessState(files.state)
    trust = load_trust(files.trust)
    judge = Witness(name=name, key=private, logs=trust.logs, state=remembered, now=time.time)
    voter = _voter(trust, name, private, files.state)
    logger.info("SM2 signatures by %s", provider)
    logger.info("witness %s listens on %s:%d", name, host, port)
    serve(witness_app(judge, voter), host=host, port=port)


def _voter(trust: Trust, name: str, key: PrivateKey, state: Path) -> VoterDoor | None:
    """A witness also votes for the blocks of the embedded chain that names it."""
    for chain in trust.chains or ():
        if isinstance(chain, TrustedBlocks) and chain.voter(name):
            blocks = VoterState(state.with_suffix(".blocks.jsonl"))
            return VoterDoor(Voter(name=name, key=key, chain=chain, logs=trust.logs, state=blocks))
    return None


def _log(settings: Settings, keys: LogKeys) -> LogRef:
    return log_ref(origin=settings.log_origin, shard=settings.shard, first_key=keys.first)


def log_keys(settings: Settings) -> LogKeys:
    """The key files at hand, each from the size at which the trust file lets it begin."""
    held = [settings.key_files.load(settings.key)]
    if settings.next_key is not None:
        held.append(settings.key_files.load(settings.next_key))
    known = load_trust(settings.trust).log(settings.log_origin) if settings.trust else None
    if known is None:
        if settings.ed25519_key is not None:
            raise BadSettings("ledger.ed25519_key: the trust file has to name the log and this key")
        return LogKeys.only(held[0])
    mine = {key.public_key: key for key in held}
    signers = [(k.from_size, mine[key]) for k, key in known.sm2_keys if key in mine]
    if not signers:
        raise BadSettings("ledger.key is none of the keys that the trust file names for this log")
    return LogKeys(known.first, tuple(signers), _beside(settings, known))


def _beside(settings: Settings, known: TrustedLog) -> tuple[int, Ed25519Signer] | None:
    if settings.ed25519_key is None:
        return None
    terms = settings.key_files
    phrase = terms.passphrase.text if terms.passphrase else None
    signer = Ed25519Signer.from_file(settings.ed25519_key, passphrase=phrase, plain=terms.plain)
    for trusted in known.keys:
        if trusted.key == signer.public_key:
            return trusted.from_size, signer
    raise BadSettings("ledger.ed25519_key is no key that the trust file names for this log")


def rotate(settings: Settings, key: Path, from_size: int) -> None:
    """Let a new key sign from a size on; witnesses and the ledger read it at their next start."""
    if settings.trust is None:
        raise BadSettings("ledger.trust is empty: name the trust file")
    public = settings.key_files.load(key).public_key
    rotate_key(settings.trust, origin=settings.log_origin, key=public, from_size=from_size)


def fetch_tile(log: str, path: str) -> bytes:
    """One file of a public log; BadProof when it cannot be had."""
    try:
        answer = httpx.get(f"{log.rstrip('/')}/{path}", timeout=10, trust_env=False)
        answer.raise_for_status()
    except httpx.HTTPError as fault:
        raise BadProof("since", f"the public log does not answer: {fault}") from None
    return answer.content


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[MongoLog]:
    async with _connected(settings) as client:
        yield MongoLog(client[settings.database], Shard(settings.shard))


@asynccontextmanager
async def _connected(settings: Settings) -> AsyncIterator[Any]:
    client = connect(settings.mongodb, settings.driver)
    try:
        await wait_until_writable(client, seconds=WAIT_SECONDS)
        yield client
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
