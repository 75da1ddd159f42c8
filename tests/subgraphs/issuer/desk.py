"""The issuer's subgraph over real parts, and the journey's steps as short calls."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ledger_adapter.port import EntryIndex, Envelope
from subgraphs.demo.pilot import GUOTAI_JUNAN, HUAAN_FUND, PilotInstitution
from subgraphs.issuer.app import core_system, follow, wire
from subgraphs.issuer.parts import Parts
from subgraphs.issuer.records import Update
from subgraphs.issuer.schema import schema
from subgraphs.issuer.store import INDEXES
from subgraphs.kit.agreements import CATALOGUE, AgreementStage, Template
from subgraphs.kit.follow import Follower
from subgraphs.kit.ids import institution_id
from subgraphs.kit.serve import asgi
from subgraphs.kit.viewer import Role
from subgraphs.vc.multikey import decode_key
from subgraphs.wallet.outgoing import agreement_signed
from subgraphs.wallet.records import SignedAgreement
from tests.subgraphs.kit.gateway import Answer, Who, an_institution
from tests.subgraphs.kit.world import Person, World, running, settled, world_of

OWN = an_institution(Role.ISSUER, GUOTAI_JUNAN.uscc)
OTHER = an_institution(Role.ISSUER, HUAAN_FUND.uscc)
CORE_SYSTEM = "subgraphs.simulators.core_system:SimulatedCoreSystem"
NOT_FOUND = "... on NotFound { field }"
ERRORS = f"... on DomainError {{ code message }} ... on ValidationFailed {{ field }} {NOT_FOUND}"
TRANSITION = "... on InvalidTransitionError { from to allowed }"


@dataclass(slots=True, kw_only=True)
class Desk:
    world: World
    parts: Parts
    follower: Follower[Update]

    async def ask(
        self, document: str, variables: dict[str, object] | None = None, *, who: Who
    ) -> Answer:
        return await self.world.gateway.ask(document, variables, who=who)

    async def do(
        self, name: str, who: Who, success: str = "__typename", /, **arguments: object
    ) -> dict[str, Any]:
        """Run a mutation; the member of its result union."""
        kind = name[0].upper() + name[1:]
        transition = "" if name in PLAIN else TRANSITION
        errors = ERRORS.replace(NOT_FOUND, "") if name == "registerInstitution" else ERRORS
        document = (
            f"mutation($in: {kind}Input!) {{ {name}(input: $in) {{ __typename {errors} "
            f"{transition} ... on {kind}Success {{ {success} }} }} }}"
        )
        answer = await self.ask(document, {"in": arguments}, who=who)
        result: dict[str, Any] = answer.only(name)
        return result

    def turn_clock(self, clock: Callable[[], datetime]) -> None:
        """From now on it is what `clock` says, for the subgraph but not for its tokens."""
        self.use(clock=clock)

    def use(self, **parts: Any) -> None:
        """Serve with other parts from now on."""
        self.parts = replace(self.parts, **parts)
        self.serve()

    def serve(self) -> None:
        async def health() -> dict[str, object]:
            return {"position": self.follower.applied}

        gateway = self.world.gateway
        gateway.app = asgi(
            schema, name="issuer", parts=self.parts, tokens=gateway.tokens, health=health
        )

    async def settle(self) -> int:
        """Wait until everything queued is on the log and applied; the log's size."""
        return await settled(self.world.base, self.follower)

    async def events(self, subject: str) -> list[Envelope]:
        """What the log tells of an object, in its order."""
        size = await self.settle()
        found = await self.world.base.ledger.read(EntryIndex(0), size)
        return [one.envelope for one in found if subject in one.envelope.subjects]

    async def somebody(self, name: str) -> Person:
        """A root DID, and the texts agreed to that are asked for before a credential."""
        person = await self.world.person(name)
        await self.agree(person)
        return person

    async def agree(self, person: Person, texts: Sequence[Template] = CATALOGUE) -> None:
        """She signs them, told to the log as the wallet does."""
        now, stages = datetime.now(UTC), (AgreementStage.ROOT_DID, AgreementStage.ISSUANCE)
        await self.world.tell(
            *[
                agreement_signed(
                    SignedAgreement(
                        holder=person.id,
                        stage=one.stage,
                        kind=one.kind,
                        version=one.version,
                        text_digest=one.digest,
                        document={},
                        signed_at=now,
                    )
                )
                for one in texts
                if one.stage in stages
            ]
        )
        await self.settle()

    async def customer(self, name: str = "ann", *, profile: str = "RICH") -> Person:
        """Somebody new with a root DID, bound to an account of the own institution."""
        person = await self.somebody(f"{name}-{secrets.token_hex(4)}")
        done = await self.bind(person, profile=profile)
        assert done["__typename"] == "BindCustomerAccountSuccess", done
        return person

    async def bind(
        self, person: Person, *, profile: str = "RICH", who: Who = OWN, account: str = ""
    ) -> dict[str, Any]:
        return await self.do(
            "bindCustomerAccount",
            who,
            "holder { id } did",
            accountNo=account or f"SIM-{profile}-{person.name}",
            did=person.did,
        )

    async def request(self, person: Person, **changed: object) -> str:
        """A signed request; the credential's id."""
        asked: dict[str, object] = {
            "issuerId": OWN.institution,
            "categories": ["BANK_DEPOSIT", "STOCK", "FUND_UNIT"],
            "purpose": "QUALIFIED_INVESTOR",
            **changed,
        }
        ready = await self.do("prepareCredentialRequest", person.who, PREPARED, **asked)
        signature = person.software.sign_prepared(
            ready["payload"],
            ready["payloadToSign"],
            asked={"purpose": asked["purpose"]},  # type: ignore[dict-item]
        )
        done = await self.do(
            "requestCredential",
            person.who,
            "credential { id state }",
            preparedId=ready["preparedId"],
            holderSignature=signature.as_input(),
        )
        assert done["__typename"] == "RequestCredentialSuccess", done
        return str(done["credential"]["id"])

    async def offer(self, person: Person) -> str:
        """A request, compiled and signed by the issuer."""
        credential = await self.request(person)
        for name in ("compileCredentialDraft", "issueCredential"):
            done = await self.do(name, OWN, "credential { state }", credentialId=credential)
            assert done["__typename"].endswith("Success"), done
        return credential

    async def active(self, person: Person) -> str:
        """A credential in force."""
        credential = await self.offer(person)
        done = await self.countersign(person, credential)
        assert done["__typename"] == "CountersignCredentialSuccess", done
        return credential

    async def countersign(
        self, person: Person, credential: str, *, issuer: PilotInstitution = GUOTAI_JUNAN
    ) -> dict[str, Any]:
        ready = await self.do(
            "prepareCountersignature", person.who, PREPARED, credentialId=credential
        )
        signature = person.software.countersign(
            ready["payload"], ready["payloadToSign"], issuer_key=self.issuer_key(issuer)
        )
        return await self.do(
            "countersignCredential",
            person.who,
            "credential { id state holderSignature }",
            preparedId=ready["preparedId"],
            holderSignature=signature.as_input(),
        )

    def issuer_key(self, one: PilotInstitution) -> Any:
        return decode_key(self.world.public_key(one))


PREPARED = "preparedId payload payloadToSign expiresAt"
PLAIN = {
    "bindCustomerAccount",
    "endorseCredentials",
    "licenseInstitution",
    "registerInstitution",
    "prepareCredentialRequest",
    "requestCredential",
}


@contextlib.asynccontextmanager
async def desk_of(folder: Path, uri: str, prefix: str) -> AsyncIterator[Desk]:
    """The issuer, ready to serve."""
    indexes = {name: list(models) for name, models in INDEXES.items()}
    async with world_of("issuer", indexes, folder=folder, uri=uri, prefix=prefix) as world:
        parts = wire(world.base, identity=world.identity, core_system=core_system(CORE_SYSTEM))
        follower = follow(world.base, parts)
        async with running(follower.run):
            await world.register_institutions()
            desk = Desk(world=world, parts=parts, follower=follower)
            desk.serve()
            await desk.settle()
            yield desk


def institution(one: PilotInstitution) -> str:
    return institution_id(one.uscc)
