"""A person's key is stopped and replaced by the simulated provider, and the log is told, as the
wallet does it; the wait is left out, which is tested at the wallet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from secrets import token_bytes

from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.port import Envelope
from subgraphs.holder.holder import DidLife, Holder
from subgraphs.kit.events import event
from subgraphs.kit.identity import Application
from subgraphs.vc.did_versions import salted_digest
from subgraphs.vc.presentation import SaltedVersion
from tests.subgraphs.kit.world import Person, World, identity_beside

DIGEST = "sm3:" + "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """She with her new key, and the versions: the old key stopped, the new one in force."""

    person: Person
    stopped: SaltedVersion
    given: SaltedVersion

    def told(self) -> list[Envelope]:
        return [
            _told("ROOT_DID_COMPROMISED", self.person, 2, self.stopped),
            _told("ROOT_DID_RECOVERED", self.person, 3, self.given, recoveryDigest=DIGEST),
        ]


async def recovered(world: World, person: Person, *, since: datetime) -> Recovered:
    """Both versions. The second of the first must be over, and one more."""
    provider = await identity_beside(world.base, cooling=timedelta(0))
    software = Holder(PrivateKey.generate(), life=DidLife(did=person.software.did))
    asked = software.recovery(f"TEST-{person.name}", compromised_since=since)
    begun = await provider.recover(
        Application(
            identity_document=asked.identity_document,
            public_key_multibase=asked.public_key_multibase,
            proof_of_possession=asked.proof_of_possession,
            payload=asked.payload,
            face_assertion=asked.face_assertion.as_json(),
        ),
        [],
    )
    assert begun.stopped is not None
    version = await provider.complete_recovery(person.did, begun.notice.digest, [begun.stopped])
    await provider.close()
    both = [SaltedVersion(salt=token_bytes(32), version=one) for one in (begun.stopped, version)]
    after = replace(person, software=software.recovered([one.as_json() for one in both]))
    return Recovered(person=after, stopped=both[0], given=both[1])


def _told(kind: str, person: Person, number: int, one: SaltedVersion, **more: str) -> Envelope:
    return event(
        kind,
        entity=person.id,
        version=number,
        subjects=[person.id],
        institutions=[],
        at=datetime.now(UTC),
        body={
            "version": number,
            "documentDigest": salted_digest(one.salt, one.version),
            **more,
        },
    )
