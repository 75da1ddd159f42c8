"""A dispute played to its sealed file, with documents and signatures as institutions make them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from ledger_adapter.crypto.keys import load_private_key
from ledger_adapter.crypto.multikey import multibase58
from ledger_adapter.evidence_file import digest_of, part_message
from subgraphs.demo.operations import operation
from subgraphs.demo.pilot import CAITONG_FUND, GUOTAI_JUNAN, ZHENGTONG, PilotInstitution
from subgraphs.holder.choose import show
from subgraphs.kit.ids import institution_id
from subgraphs.vc import model
from subgraphs.vc.did import build_did_document, institution_did, method_id
from subgraphs.vc.receipt import build_receipt
from tests.kit.credentials import World as Papers
from tests.subgraphs.audit.desk import ISSUER, VERIFIER, VERIFIER_DESK, Case, Desk
from tests.subgraphs.kit.gateway import Who
from tests.subgraphs.kit.world import World, key_file

PLAIN: dict[str, Any] = {
    "REQUEST": {"nonce": "n-1", "audience": "verifier", "purpose": "PRIVATE_FUND"},
    "FACE_ASSERTION": {"id": "face-1", "liveness": "PASSED", "boundTo": "sm3:" + "ab" * 32},
    "CHECKS": {"INTEGRITY": "PASSED", "TIMELINESS": "PASSED", "ruleSet": "PRIVATE_FUND@1"},
}
OPEN = """mutation($input: OpenDisputeInput!) { openDispute(input: $input) { __typename
  ... on OpenDisputeSuccess { dispute { id state ground institution { id } presentation { id } } }
  ... on DomainError { code message } } }"""
GIVE = """mutation($input: SubmitEvidenceInput!) { submitEvidence(input: $input) { __typename
  ... on SubmitEvidenceSuccess { dispute { id parts { kind digest } } }
  ... on DomainError { code message } } }"""
SEAL = """mutation($input: ExportEvidenceInput!) { exportEvidence(input: $input) { __typename
  ... on ExportEvidenceSuccess { dispute { state evidencePackage { id manifestHash downloadUrl
    pageUrl } } } ... on DomainError { code message } } }"""
CLOSE = """mutation($input: CloseDisputeInput!) { closeDispute(input: $input) { __typename
  ... on CloseDisputeSuccess { dispute { state } } ... on DomainError { code message } } }"""
PACKAGE = """query($id: ID!) { dispute(id: $id) { state evidencePackage { state size downloadUrl
  pageUrl manifestHash signatures { by keyId } chainProof { verified } } } }"""


def documents(world: World) -> dict[str, Any]:
    """All parts of a use, signed by the institutions of this world and by a holder's own key."""
    papers = Papers()
    papers.now = datetime.now(UTC).replace(microsecond=0)
    issuer, provider = institution_did(ISSUER), institution_did(institution_id(ZHENGTONG.uscc))
    papers.issuers[issuer] = load_private_key(key_file(world.settings.keys, GUOTAI_JUNAN))
    held = papers.credential(papers.anna, issuer=issuer)
    receipt = build_receipt(
        did_document=build_did_document(papers.anna.did, [papers.anna.public_key_multibase]),
        salt=bytes(32),
        registered_at=papers.now,
        issuer=provider,
        method=method_id(provider),
        sign=load_private_key(key_file(world.settings.keys, ZHENGTONG)).sign,
    )
    shown = papers.anna.present(
        shown=[show(held, claims=[model.TOTAL])],
        grant=papers.grant(papers.anna),
        receipt=receipt,
        nonce="n-1",
        audience=institution_did(VERIFIER),
    )
    return {**PLAIN, "CREDENTIAL": held.document, "PRESENTATION": shown}


@dataclass(slots=True)
class Play:
    """One dispute over a desk's audit."""

    desk: Desk
    case: Case
    id: str = ""

    async def do(self, operation_: str, by: Who, /, **given: object) -> Any:
        answer = await self.desk.ask(operation_, {"input": given}, who=by)
        (name,) = answer.data or {"": None}
        return answer.only(name)

    async def open(self, prefix: str = "pres", ground: str = "USE_DENIED") -> Any:
        subject = self.case.id(prefix)
        told = await self.do(OPEN, self.case.who, subjectId=subject, ground=ground)
        if "dispute" in told:
            self.id = told["dispute"]["id"]
            await self.desk.tell()
        return told

    def signed(
        self, kind: str, document: object, by: PilotInstitution = CAITONG_FUND
    ) -> dict[str, object]:
        """As the institution's own software signs what it gives."""
        institution = institution_id(by.uscc)
        key = load_private_key(key_file(self.desk.world.settings.keys, by))
        message = part_message(
            dispute=self.id, kind=kind, institution=institution, digest=digest_of(document)
        )
        return {
            "disputeId": self.id,
            "kind": kind,
            "document": document,
            "method": f"{institution_did(institution)}#key-1",
            "signature": multibase58(key.sign(message)),
        }

    async def give(self, kind: str, document: object, who: Who = VERIFIER_DESK) -> Any:
        return await self.do(GIVE, who, **self.signed(kind, document))

    async def seal(self, who: Who) -> Any:
        """Tried again while an event of the case waits for its head."""
        while True:
            await self.desk.tell()
            told = await self.do(SEAL, who, disputeId=self.id)
            if told["__typename"] != "TryAgain":
                return told
            await asyncio.sleep(0.05)

    async def package(self, who: Who) -> Any:
        """Once it is READY."""
        while True:
            await self.desk.tell()
            told = (await self.desk.ask(PACKAGE, {"id": self.id}, who=who)).only("dispute")
            if told["evidencePackage"]["state"] == "READY":
                return told["evidencePackage"]
            await asyncio.sleep(0.05)

    async def read(self, address: str) -> httpx.Response:
        """Without a login."""
        assert self.desk.world.gateway.app is not None
        transport = httpx.ASGITransport(app=self.desk.world.gateway.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://audit") as client:
            return await client.get(httpx.URL(address).path)

    async def whole(self, papers: Mapping[str, Any] = PLAIN) -> bytes:
        """Denied, answered with all these parts, sealed; the file."""
        await self.open()
        for kind, document in papers.items():
            told = await self.give(kind, document)
            assert told["__typename"] == "SubmitEvidenceSuccess", told
        assert (await self.seal(self.case.who))["__typename"] == "ExportEvidenceSuccess"
        package = await self.package(self.case.who)
        found = await self.read(package["downloadUrl"])
        assert found.status_code == 200
        return found.content


async def example(desk: Desk, name: str, who: Who, **variables: object) -> Any:
    """An operation of schema/examples, whole."""
    return await desk.ask(operation(name), dict(variables), who=who)
