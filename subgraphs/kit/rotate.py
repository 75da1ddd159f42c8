"""`python -m subgraphs.kit.rotate INSTITUTION`: an institution's next key, told to the log.

The ceremony of an operator: the new key file is made first (sealed like the others), then the key
in force signs the next version of the DID, then the version goes into the log's queue, and the
command ends when the register has it. Run again after a crash it takes up the key file it finds; a
second one beside it is refused.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ledger_adapter.crypto.keys import load_public_key, save_private_key
from ledger_adapter.crypto.keystore import KeyId
from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.errors import LedgerFault
from ledger_adapter.port import Envelope
from subgraphs.kit.errors import Refusal
from subgraphs.kit.events import event
from subgraphs.kit.ids import InstitutionId
from subgraphs.kit.institutions import InstitutionRow, Institutions
from subgraphs.kit.keystore import file_keys
from subgraphs.kit.main import load
from subgraphs.kit.mongo import Mongo, Session, Unreachable
from subgraphs.kit.outbox import open_outbox
from subgraphs.kit.settings import BadSetting, Settings
from subgraphs.vc import proofs
from subgraphs.vc.did import Did, MethodId
from subgraphs.vc.did_versions import next_document, prepare_version

IDENTITY_PROVIDER: Final = "IDENTITY_PROVIDER"
FOLLOWED_IN: Final = 15.0


class CannotRotate(Exception):
    """The sentence says why."""

    code = "ROTATION_REFUSED"


async def rotate(settings: Settings, institution: InstitutionId) -> MethodId:
    """The name of the key in force from the version's place in the log on."""
    mongo = Mongo(settings.mongodb, driver=settings.driver)
    try:
        await mongo.wait_until_writable()
        register = Institutions(mongo.database(settings.database("audit")))
        await _of_the_register(register, institution)
        with alone(settings.keys / institution):
            row = await _of_the_register(register, institution)
            told, method = await next_version(settings, row, at=datetime.now(UTC))
            await _tell(mongo, settings, told)
            await _followed(register, row)
        return method
    finally:
        await mongo.close()


async def _of_the_register(register: Institutions, institution: InstitutionId) -> InstitutionRow:
    row = await register.get(institution)
    if row is None:
        raise CannotRotate(f"{institution} is not on the trust register")
    if IDENTITY_PROVIDER in row.roles:
        raise CannotRotate(
            f"{institution} is the identity provider: its register's digests follow from key-1,"
            " and its process signs with no other"
        )
    return row


async def _tell(mongo: Mongo, settings: Settings, told: Envelope) -> None:
    ledger = settings.ledger
    outbox = open_outbox(mongo, database=ledger.database, shard=ledger.shard)

    async def put(session: Session) -> None:
        await outbox.put(session, told)

    await mongo.transaction(put)


async def _followed(register: Institutions, before: InstitutionRow) -> None:
    """Wait for the register, so that the next run builds on this version."""
    wanted = before.history.latest.number + 1
    try:
        async with asyncio.timeout(FOLLOWED_IN):
            while True:
                row = await register.get(before.id)
                if row is not None and row.history.latest.number >= wanted:
                    return
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise CannotRotate("the version waits in the log's queue; audit has not read it") from None


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """No second rotation beside this one: it could put another key in the file of this version."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as fault:
        raise CannotRotate(f"the key folder {folder} cannot be used: {fault.strerror}") from fault
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # ends with the process, however it ends
        yield
    except BlockingIOError:
        raise CannotRotate("another rotation of this institution runs") from None
    finally:
        os.close(handle)


async def next_version(
    settings: Settings, row: InstitutionRow, *, at: datetime
) -> tuple[Envelope, MethodId]:
    """The event of the next version, signed by the key in force; makes a missing key file."""
    latest, method = row.history.latest, row.method
    if method is None:
        raise CannotRotate(f"the DID of {row.id} is deactivated")
    if at.replace(microsecond=0) <= latest.at:
        raise CannotRotate("one version of a DID a second: try again")
    number = latest.number + 1
    folder = settings.keys / row.id
    fresh = folder / f"key-{number}.json"
    if not fresh.exists():
        passphrase = settings.key_files.passphrase
        save_private_key(fresh, PrivateKey.generate(), passphrase=passphrase)
    document = next_document(latest, load_public_key(fresh))
    body, ready = prepare_version(
        Did(row.did), document, after=latest, at=at.replace(microsecond=0), method=method
    )
    key = KeyId(method.partition("#")[2])
    signature = await file_keys(settings).sign(row.id, key, ready.payload)
    told = event(
        "INSTITUTION_DID_CHANGED",
        entity=row.id,
        version=number,
        subjects=[row.id],
        institutions=[],
        at=at,
        body={"version": number, "didVersion": proofs.attach(body, ready, signature)},
    )
    return told, MethodId(f"{row.did}#key-{number}")


def main(arguments: Sequence[str]) -> int:
    """0 and the key's name, or 1 with one sentence on stderr."""
    if len(arguments) != 1:
        print("usage: python -m subgraphs.kit.rotate INSTITUTION", file=sys.stderr)  # noqa: T201
        return 2
    try:
        settings = load(os.environ)  # noqa: TID251  # this is the door
        settings.key_files.start()
        method = asyncio.run(rotate(settings, InstitutionId(arguments[0])))
    except (BadSetting, CannotRotate, LedgerFault, Refusal, Unreachable) as fault:
        print(f"rotate: {fault}", file=sys.stderr)  # noqa: T201  # for the person at the terminal
        return 1
    print(method)  # noqa: T201
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
