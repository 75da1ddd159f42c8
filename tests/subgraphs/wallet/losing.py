"""A person who loses her key: the steps of a report and a recovery as short calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ledger_adapter.crypto.sm2 import PrivateKey
from subgraphs.holder.holder import DidLife, Holder, HolderSignature
from subgraphs.vc.encoding import to_base64url
from tests.subgraphs.kit.world import identity_beside
from tests.subgraphs.wallet.purse import PREPARED, Person, Purse

HOLDER = """holder { id did didState didVersions receipt keyRecovery {
    startedAt notBefore cancellable publicKeyMultibase document proofing { complete } } }"""
Clock = Callable[[], datetime]


def clock_ahead(**ahead: float) -> Clock:
    """A clock that is so much ahead of the true one."""
    return lambda: datetime.now(UTC) + timedelta(**ahead)


async def pass_time(purse: Purse, **ahead: float) -> Clock:
    """From now on wallet and identity provider live so much later than the test."""
    clock = clock_ahead(**ahead)
    purse.replace_parts(clock=clock, identity=await identity_beside(purse.world.base, clock=clock))
    return clock


def new_device(person: Person, clock: Clock | None = None) -> Person:
    """The same person with a new key and nothing else but her DID."""
    life, key = DidLife(did=person.software.did), PrivateKey.generate()
    return replace(person, software=Holder(key, clock=clock or clock_ahead(), life=life))


def at_another_time(person: Person, clock: Clock) -> Person:
    """The same person with the same key, by another clock."""
    software = person.software
    life = DidLife(did=software.did, number=int(software.method.rpartition("-")[2]))
    return replace(person, software=Holder(software._key, clock=clock, life=life))


async def prepared_report(purse: Purse, person: Person, since: datetime) -> dict[str, Any]:
    asked = {"since": since.isoformat()}
    return await purse.do("prepareKeyCompromiseReport", person.who, PREPARED, **asked)


async def reported(purse: Purse, person: Person, since: datetime) -> dict[str, Any]:
    """Her report with the key itself, done."""
    ready = await prepared_report(purse, person, since)
    assert ready["__typename"] == "PrepareKeyCompromiseReportSuccess", ready
    signed = person.software.sign_report(ready["payload"], ready["payloadToSign"])
    done = await submit(purse, "reportKeyCompromise", person, ready, signed)
    assert done["__typename"] == "ReportKeyCompromiseSuccess", done
    holder: dict[str, Any] = done["holder"]
    return holder


async def start(
    purse: Purse, person: Person, *, since: datetime | None = None, **changed: object
) -> dict[str, Any]:
    """The wish for the key of this person's software."""
    asked = person.software.recovery(f"TEST-{person.name}", compromised_since=since)
    arguments: dict[str, object] = {
        "identityDocument": asked.identity_document,
        "publicKeyMultibase": asked.public_key_multibase,
        "payload": to_base64url(asked.payload),
        "proofOfPossession": asked.proof_of_possession,
        "faceAssertion": asked.face_assertion.as_json(),
        **changed,
    }
    return await purse.do("startRecovery", person.who, HOLDER, **arguments)


async def started(purse: Purse, person: Person, *, since: datetime | None = None) -> dict[str, Any]:
    done = await start(purse, person, since=since)
    assert done["__typename"] == "StartRecoverySuccess", done
    holder: dict[str, Any] = done["holder"]
    return holder


async def complete(purse: Purse, person: Person) -> dict[str, Any]:
    return await purse.do("completeRecovery", person.who, HOLDER)


async def completed(purse: Purse, person: Person) -> Person:
    """The person with her new key in force."""
    done = await complete(purse, person)
    assert done["__typename"] == "CompleteRecoverySuccess", done
    holder = done["holder"]
    assert (holder["didState"], holder["keyRecovery"]) == ("ACTIVE", None)
    return replace(person, software=person.software.recovered(holder["didVersions"]))


async def prepared_cancellation(purse: Purse, person: Person) -> dict[str, Any]:
    return await purse.do("prepareRecoveryCancellation", person.who, PREPARED)


async def cancel(purse: Purse, person: Person, ready: dict[str, Any]) -> dict[str, Any]:
    signed = person.software.sign_prepared(ready["payload"], ready["payloadToSign"], asked={})
    return await submit(purse, "cancelRecovery", person, ready, signed)


async def submit(
    purse: Purse, name: str, person: Person, ready: dict[str, Any], signed: HolderSignature
) -> dict[str, Any]:
    given = {"preparedId": ready["preparedId"], "holderSignature": signed.as_input()}
    return await purse.do(name, person.who, HOLDER, **given)
