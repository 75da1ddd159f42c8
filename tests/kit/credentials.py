"""A small world of keys and papers: issuer, identity provider, holders, a verifier's DID.

Time stands still and chance is seeded, so that two runs make the same bytes but for signatures.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from ledger_adapter.crypto import sm2
from subgraphs.holder.choose import HeldCredential
from subgraphs.holder.holder import Grant, Holder
from subgraphs.vc import consent as consents
from subgraphs.vc import model, proofs
from subgraphs.vc.asset_proof import (
    ASSET_PROOF_1,
    ASSET_PROOF_2,
    AssetCategory,
    AssetLine,
    AssetProof,
    TradingExperience,
)
from subgraphs.vc.consent import AtLeast, Consent, Monitoring
from subgraphs.vc.did import Did, build_did_document, institution_did, method_id
from subgraphs.vc.disclosure import ClaimPath
from subgraphs.vc.encoding import to_base64url
from subgraphs.vc.examination import TrustRole
from subgraphs.vc.guard import Direction, GuardFacts, Seasoning, TaggedFlow, TaggedLine
from subgraphs.vc.money import Fen, parse_amount
from subgraphs.vc.multikey import VerificationKey
from subgraphs.vc.proofs import ProofOptions, Purpose
from subgraphs.vc.receipt import build_receipt
from subgraphs.vc.strict_json import JsonObject
from subgraphs.vc.tags import account_tag, flow_tag, position_tag, tag_key

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ISSUER = institution_did("inst_0ISSVER000000000000000000A")
OTHER_ISSUER = institution_did("inst_0ISSVER000000000000000000B")
PROVIDER = institution_did("inst_0DENTITYPR0V1DER00000000000")
VERIFIER = institution_did("inst_0VER1F1ER00000000000000000")
RICH: Mapping[AssetCategory, str] = {
    AssetCategory.BANK_DEPOSIT: "1200000.00",
    AssetCategory.STOCK: "1500000.50",
    AssetCategory.FUND_UNIT: "499999.50",
}

_TAGS = tag_key(b"the provider's secret", "anna")
STOCK_TAG = position_tag(_TAGS, registrar_account="A1", product="600000")
BOND_TAG = position_tag(_TAGS, registrar_account="A1", product="019999")
GUARD = GuardFacts(
    account=account_tag(_TAGS, institution=ISSUER, account="1"),
    positions=(TaggedLine(tag=STOCK_TAG, amount=parse_amount("1500000.50")),),
    flows=(
        TaggedFlow(
            tag=flow_tag(_TAGS, "T1"),
            direction=Direction.IN,
            amount=parse_amount("900000.00"),
            settled=date(2026, 11, 12),
            other_end=account_tag(_TAGS, institution=OTHER_ISSUER, account="7"),
        ),
        TaggedFlow(
            tag=flow_tag(_TAGS, "T2"),
            direction=Direction.OUT,
            amount=parse_amount("50000.00"),
            settled=None,
        ),
    ),
    seasoning=Seasoning(
        since=date(2026, 10, 26), least=parse_amount("2300000.00"), held=(STOCK_TAG, BOND_TAG)
    ),
)


def scalar(name: str) -> sm2.PrivateKey:
    """A private key that follows from a name; for tests only."""
    return sm2.PrivateKey.from_scalar(int.from_bytes(hashlib.sha256(name.encode()).digest()[:31]))


@dataclass
class Chance:
    """Bytes that look random and are the same in each run."""

    drawn: int = 0

    def __call__(self, size: int) -> bytes:
        self.drawn += 1
        return hashlib.shake_256(f"chance {self.drawn}".encode()).digest(size)

    def salt(self) -> bytes:
        return self(16)


@dataclass
class Register:
    """A trust register in memory: (DID, role) to key."""

    keys: dict[tuple[Did, TrustRole], VerificationKey]

    def key_of(
        self, did: Did, role: TrustRole, method: str, at: datetime, /
    ) -> VerificationKey | None:
        return self.keys.get((did, role))


class World:
    """Everything needed to play a credential's life without a server."""

    def __init__(self) -> None:
        self.now = NOW
        self.chance = Chance()
        self.issuers = {did: scalar(did) for did in (ISSUER, OTHER_ISSUER)}
        self.provider = scalar("provider")
        self.anna = self.holder("anna")
        self.friend = self.holder("friend")
        self.register = Register(
            {
                **{(d, TrustRole.ISSUER): k.public_key for d, k in self.issuers.items()},
                (PROVIDER, TrustRole.IDENTITY_PROVIDER): self.provider.public_key,
            }
        )

    def holder(self, name: str) -> Holder:
        return Holder(scalar(name), clock=lambda: self.now, chance=self.chance)

    def receipt(self, holder: Holder) -> JsonObject:
        return build_receipt(
            did_document=build_did_document(holder.did, [holder.public_key_multibase]),
            salt=self.chance(32),
            registered_at=NOW - timedelta(days=1),
            issuer=PROVIDER,
            method=method_id(PROVIDER),
            sign=self.provider.sign,
        )

    def statement(
        self,
        holder: Holder,
        lines: Mapping[AssetCategory, str] = RICH,
        *,
        issuer: Did = ISSUER,
        number: int = 1,
        guard: GuardFacts | None = None,
    ) -> AssetProof:
        return AssetProof(
            credential_id=f"cred_{number:026}",
            credential_no=f"AP-2026-{number:06}",
            issuer=issuer,
            subject=holder.did,
            as_of=date(2026, 11, 20),
            valid_from=self.now - timedelta(hours=1),
            valid_until=self.now + timedelta(days=30),
            lines=tuple(
                AssetLine(category=category, amount=parse_amount(amount))
                for category, amount in lines.items()
            ),
            in_transit=Fen(100),
            trading_experience=TradingExperience(
                first_trade_date=date(2015, 3, 2), markets=("SSE", "SZSE")
            ),
            guard=guard,
            schema=ASSET_PROOF_1 if guard is None else ASSET_PROOF_2,
        )

    def offer(self, statement: AssetProof) -> tuple[JsonObject, tuple[str, ...]]:
        """The body signed by its issuer, and all its disclosures."""
        concealed = model.build(statement, seed=self.chance(32), salts=self.chance.salt)
        issuer = statement.issuer
        options = ProofOptions(
            verification_method=method_id(issuer), purpose=Purpose.ASSERTION, created=self.now
        )
        prepared = proofs.prepare(concealed.document, options)
        signature = self.issuers[issuer].sign(prepared.payload)
        document = proofs.attach(concealed.document, prepared, signature)
        return document, tuple(item.encoded for item in concealed.disclosures)

    def prepared(self, document: JsonObject, holder: Holder) -> tuple[JsonObject, str]:
        """What a prepare step answers: the readable payload and the bytes to sign."""
        options = ProofOptions(
            verification_method=holder.method, purpose=Purpose.ASSERTION, created=self.now
        )
        ready = proofs.prepare(document, options)
        payload: JsonObject = {"document": document, "proofConfig": ready.config}
        return payload, to_base64url(ready.payload)

    def credential(
        self,
        holder: Holder,
        lines: Mapping[AssetCategory, str] = RICH,
        *,
        issuer: Did = ISSUER,
        number: int = 1,
        guard: GuardFacts | None = None,
    ) -> HeldCredential:
        """A credential with both signatures, in the holder's keeping."""
        statement = self.statement(holder, lines, issuer=issuer, number=number, guard=guard)
        document, disclosures = self.offer(statement)
        secured = self.signed(document, holder)
        key = self.issuers[issuer].public_key
        return holder.hold(secured, disclosures, issuer_key=key)

    def signed(self, document: JsonObject, holder: Holder) -> JsonObject:
        """The document with the holder's assertion added."""
        payload, to_sign = self.prepared(document, holder)
        signature = holder.sign_prepared(payload, to_sign, asked={})
        return attach_value(document, payload, signature.value)

    def consent(self, holder: Holder, **changes: object) -> Consent:
        terms: dict[str, object] = {
            "consent_id": "cons_00000000000000000000000001",
            "holder": holder.did,
            "granted_to": VERIFIER,
            "purpose": "PRIVATE_FUND",
            "claims": (ClaimPath("/credentialSubject/total"),),
            "predicates": (AtLeast(amount=Fen(300_000_000)),),
            "monitoring": Monitoring(granted=True, until=self.now + timedelta(days=365)),
            "valid_from": self.now - timedelta(minutes=1),
            "valid_until": self.now + timedelta(days=30),
        }
        return Consent(**{**terms, **changes})  # type: ignore[arg-type]  # a test's own terms

    def grant(self, holder: Holder, consent: Consent | None = None) -> Grant:
        """A consent the holder has signed, face check included."""
        document = consents.build_consent(consent or self.consent(holder))
        payload, to_sign = self.prepared(document, holder)
        signature = holder.sign_prepared(payload, to_sign, asked={})
        signed = attach_value(document, payload, signature.value)
        return holder.grant(signed, signature.face_assertion)


def attach_value(document: JsonObject, payload: JsonObject, value: str) -> JsonObject:
    """A document with the prepared proof and a signature in text form."""
    config = payload["proofConfig"]
    assert isinstance(config, dict)
    proof: JsonObject = {**config, "proofValue": value}
    return {**proofs.unsecured(document), "proof": [*proofs.proofs_of(document), proof]}
