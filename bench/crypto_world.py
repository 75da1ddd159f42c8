"""Three issuers, a holder and a verifier in memory, for bench/crypto.py: one whole presentation."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.log.hashing import SM3
from ledger_adapter.log.proofs import root_from_path
from subgraphs.holder.choose import HeldCredential, show
from subgraphs.holder.holder import Holder
from subgraphs.vc import consent as consents
from subgraphs.vc import model, proofs, status_list
from subgraphs.vc.asset_proof import AssetCategory, AssetLine, AssetProof
from subgraphs.vc.consent import AtLeast, Consent, Monitoring
from subgraphs.vc.did import Did, build_did_document, institution_did, method_id
from subgraphs.vc.encoding import to_base64url
from subgraphs.vc.examination import Terms, TrustRole
from subgraphs.vc.examine import examine
from subgraphs.vc.lower_bound import Steps
from subgraphs.vc.money import Fen
from subgraphs.vc.multikey import VerificationKey
from subgraphs.vc.presentation import read_presentation
from subgraphs.vc.proofs import ProofOptions, Purpose
from subgraphs.vc.receipt import build_receipt
from subgraphs.vc.status_list import CheckedList, StatusBits, StatusEntry, StatusPurpose
from subgraphs.vc.strict_json import JsonObject

NOW: Final = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
MONTH: Final = timedelta(days=30)
ISSUERS: Final = tuple(institution_did(f"inst_issuer{number}") for number in range(3))
PROVIDER: Final = institution_did("inst_provider")
VERIFIER: Final = institution_did("inst_verifier")
TREE_SIZE: Final = 1_000_000
_CATEGORIES: Final = (AssetCategory.BANK_DEPOSIT, AssetCategory.STOCK, AssetCategory.FUND_UNIT)


def signed(document: JsonObject, key: PrivateKey, did: Did) -> JsonObject:
    """A document under one more proof."""
    options = ProofOptions(
        verification_method=method_id(did), purpose=Purpose.ASSERTION, created=NOW
    )
    prepared = proofs.prepare(document, options)
    return proofs.attach(document, prepared, key.sign(prepared.payload))


def statement(issuer: Did, subject: Did, number: int) -> AssetProof:
    """Three lines that make 1 002 000 CNY, with both kinds of status."""
    return AssetProof(
        credential_id=f"cred_{number}",
        credential_no=f"AP-{number}",
        issuer=issuer,
        subject=subject,
        as_of=date(2026, 11, 20),
        valid_from=NOW - MONTH,
        valid_until=NOW + MONTH,
        lines=tuple(AssetLine(category=each, amount=Fen(33_400_000)) for each in _CATEGORIES),
        status=tuple(
            StatusEntry(uri=_uri(number, purpose), purpose=purpose, index=94_567)
            for purpose in StatusPurpose
        ),
    )


def _uri(number: int, purpose: StatusPurpose) -> str:
    return f"https://credgraph.example/status/{number}/{purpose}"


@dataclass(frozen=True, slots=True)
class Register:
    """The trust register, in memory."""

    keys: Mapping[tuple[Did, TrustRole], VerificationKey]

    def key_of(
        self, did: Did, role: TrustRole, method: str, at: datetime, /
    ) -> VerificationKey | None:
        known = method == method_id(did) and at <= NOW
        return self.keys.get((did, role)) if known else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """What a verifier has verified before: lists by address, and the root of a checkpoint."""

    lists: Mapping[str, CheckedList]
    root: bytes


class World:
    """A presentation of three credentials, each with a bound, a status and a place on the log."""

    def __init__(self) -> None:
        self.keys = {did: PrivateKey.generate() for did in (*ISSUERS, PROVIDER)}
        self.log_key, key = PrivateKey.generate(), PrivateKey.generate()
        self.holder = Holder(key, clock=lambda: NOW)
        self.register = Register(
            {
                (did, role): key.public_key
                for did, key in self.keys.items()
                for role in (TrustRole.ISSUER, TrustRole.IDENTITY_PROVIDER)
            }
        )
        self.held = [self._credential(key, number) for number in range(len(ISSUERS))]
        self.path = [secrets.token_bytes(32) for _ in range(20)]
        self.lists = [self._list(number, p) for number in range(3) for p in StatusPurpose]
        self.root = self._root(self.held[0])
        self.checkpoint = self.log_key.sign(self.root)
        self.presented = self._present(key)

    def trusted(self) -> Trusted:
        """Verify the six lists and the checkpoint anew."""
        if not self.log_key.public_key.verify(self.root, self.checkpoint):
            raise AssertionError("the checkpoint does not hold")
        lists = {}
        for number, document in self.lists:
            issuer = ISSUERS[number]
            key = self.keys[issuer].public_key
            checked = status_list.check_list(document, issuer=issuer, key=key, now=NOW)
            assert isinstance(checked, CheckedList), checked
            lists[checked.inner.uri] = checked
        return Trusted(lists=lists, root=self.root)

    def verify(self, trusted: Trusted) -> None:
        """Examine the presentation, then ask status and log for each credential."""
        terms = Terms(nonce="nonce", audience=VERIFIER, now=NOW, customer=self.holder.did)
        found = examine(read_presentation(self.presented), terms, self.register)
        assert not found.against(), found.against()
        for each in found.credentials:
            assert each.head is not None
            for entry in each.head.status:
                checked = trusted.lists[entry.uri]
                outcome = status_list.status_of(entry, each.head.issuer, checked, NOW)
                assert outcome.is_set is False
            root = self._root_of(each.vc_hash)
            assert (root == trusted.root) == (each is found.credentials[0])

    def _root(self, held: HeldCredential) -> bytes:
        return self._root_of(model.vc_hash(held.document))

    def _root_of(self, vc_hash: str) -> bytes:
        leaf = SM3.leaf(vc_hash.encode("ascii"))
        return root_from_path(SM3, leaf=leaf, index=77, size=TREE_SIZE, path=self.path)

    def _credential(self, key: PrivateKey, number: int) -> HeldCredential:
        issuer = ISSUERS[number]
        concealed = model.build(
            statement(issuer, self.holder.did, number),
            seed=secrets.token_bytes(32),
            salts=lambda: secrets.token_bytes(16),
        )
        document = signed(concealed.document, self.keys[issuer], issuer)
        both = signed(document, key, self.holder.did)
        texts = tuple(item.encoded for item in concealed.disclosures)
        return self.holder.hold(both, texts, issuer_key=self.keys[issuer].public_key)

    def _list(self, number: int, purpose: StatusPurpose) -> tuple[int, JsonObject]:
        body = status_list.build_status_list(
            uri=_uri(number, purpose),
            issuer=ISSUERS[number],
            purpose=purpose,
            bits=StatusBits.of(range(0, 90_000, 97)),
            valid_from=NOW - MONTH,
            valid_until=NOW + MONTH,
        )
        return number, signed(body, self.keys[ISSUERS[number]], ISSUERS[number])

    def _present(self, key: PrivateKey) -> JsonObject:
        shown = [show(held, claims=[model.TOTAL], steps=Steps(100)) for held in self.held]
        receipt = build_receipt(
            did_document=build_did_document(self.holder.did, [self.holder.public_key_multibase]),
            salt=secrets.token_bytes(32),
            registered_at=NOW - MONTH,
            issuer=PROVIDER,
            method=method_id(PROVIDER),
            sign=self.keys[PROVIDER].sign,
        )
        document = consents.build_consent(self._consent())
        options = ProofOptions(
            verification_method=self.holder.method, purpose=Purpose.ASSERTION, created=NOW
        )
        prepared = proofs.prepare(document, options)
        signature = self.holder.sign_prepared(
            {"document": document, "proofConfig": prepared.config},
            to_base64url(prepared.payload),
            asked={},
        )
        grant = self.holder.grant(signed(document, key, self.holder.did), signature.face_assertion)
        return self.holder.present(
            shown, grant=grant, receipt=receipt, nonce="nonce", audience=VERIFIER
        )

    def _consent(self) -> Consent:
        return Consent(
            consent_id="cons_1",
            holder=self.holder.did,
            granted_to=VERIFIER,
            purpose="PRIVATE_FUND",
            claims=(model.TOTAL,),
            predicates=(AtLeast(amount=Fen(300_000_000)),),
            monitoring=Monitoring(granted=True, until=NOW + MONTH),
            valid_from=NOW - MONTH,
            valid_until=NOW + MONTH,
        )
