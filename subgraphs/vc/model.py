"""The credential body: W3C VC Data Model 2.0 JSON around an asset proof.

In clear stand the ids, the issuer, the dates, the currency and the lower-bound commitment. Amounts,
categories, trading experience and the chain's seed are salted digests; lists are filled up with
decoys to one length, so the number of categories shows nothing either.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NewType

from subgraphs.vc import guard, lower_bound
from subgraphs.vc.asset_proof import (
    AssetCategory,
    AssetLine,
    AssetProof,
    SchemaVersion,
    TradingExperience,
    parse_category,
    schema_of,
)
from subgraphs.vc.did import Did, parse_did
from subgraphs.vc.disclosure import (
    ClaimPath,
    Concealed,
    Disclosure,
    Salts,
    conceal,
    general,
    reveal,
)
from subgraphs.vc.encoding import Hash, sm3_hash, to_base64url, to_time
from subgraphs.vc.errors import BadAmount, MalformedDocument
from subgraphs.vc.guard import ShownGuard
from subgraphs.vc.lower_bound import LowerBound
from subgraphs.vc.money import CURRENCY, Fen, format_amount
from subgraphs.vc.proofs import unsecured
from subgraphs.vc.shape import Shape, shaped
from subgraphs.vc.status_list import StatusEntry, read_status_entries
from subgraphs.vc.strict_json import JsonObject, JsonValue, canonical, pointer

CredentialUri = NewType("CredentialUri", str)
"""`urn:credgraph:<credential id>`, the `id` of the body."""

URN: Final = "urn:credgraph:"
W3C_CONTEXT: Final = "https://www.w3.org/ns/credentials/v2"
TYPES: Final = ("VerifiableCredential", "AssetProofCredential")
MOST_LINES: Final = 32

TOTAL: Final = ClaimPath("/credentialSubject/total")
IN_TRANSIT: Final = ClaimPath("/credentialSubject/inTransit")
EXPERIENCE: Final = ClaimPath("/credentialSubject/tradingExperience")
LINES: Final = ClaimPath("/credentialSubject/assetLines/*")
LINE_CATEGORY: Final = ClaimPath("/credentialSubject/assetLines/*/category")
LINE_AMOUNT: Final = ClaimPath("/credentialSubject/assetLines/*/amount")
SEED: Final = ClaimPath("/credentialSubject/lowerBound/seed")
"""The holder's secret. Showing it shows the total, so no presentation may carry it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialHead:
    """What a credential says to everybody who holds it."""

    uri: CredentialUri
    credential_no: str
    issuer: Did
    subject: Did
    schema: SchemaVersion
    as_of: date
    valid_from: datetime
    valid_until: datetime
    lower_bound: LowerBound
    status: tuple[StatusEntry, ...] = ()

    @property
    def credential_id(self) -> str:
        """The id the graph knows the credential by (`cred_...`)."""
        return self.uri.removeprefix(URN)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLine:
    """A line as far as it was shown; None is withheld."""

    category: AssetCategory
    amount: Fen | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownClaims:
    """The claims a holder showed; None is withheld, and a list may be a part of the whole."""

    lines: tuple[ShownLine, ...]
    total: Fen | None
    in_transit: Fen | None
    trading_experience: TradingExperience | None
    seed: bytes | None
    guard: ShownGuard
    paths: tuple[ClaimPath, ...]


def build(proof: AssetProof, *, seed: bytes, salts: Salts, algorithm: str = "sm3") -> Concealed:
    """The body to sign and the disclosures for the holder. `seed` is 32 fresh random bytes.

    `algorithm` digests the disclosures: sm3, or sha-256 for readers abroad.
    """
    hidden = [TOTAL, IN_TRANSIT, SEED]
    hidden += [LINES, LINE_AMOUNT] if proof.lines else []
    hidden += [] if proof.trading_experience is None else [EXPERIENCE]
    spare = max(0, len(proof.schema.categories) - len(proof.lines))
    decoys = {
        "/credentialSubject/assetLines": spare,
        "/credentialSubject": 1 if proof.trading_experience is None else 0,
    }
    if proof.guard is not None:
        hidden += guard.hidden(proof.guard)
        decoys["/credentialSubject"] += 1 if proof.guard.seasoning is None else 0
    body = _body(proof, seed)
    return conceal(body, hidden, salts=salts, algorithm=algorithm, decoys=decoys)


def vc_hash(document: JsonObject) -> Hash:
    """SM3 over the canonical body without proofs: one name for a credential, whoever signs it."""
    return sm3_hash(canonical(unsecured(document)))


def credential_uri(credential_id: str) -> CredentialUri:
    """The body's `id` for an id of the graph."""
    return CredentialUri(f"{URN}{credential_id}")


def read_head(document: JsonObject, place: str = "") -> CredentialHead:
    """Read what stands in clear; whether it is true is the proofs' matter."""
    shape = shaped(document, place)
    schema = shape.inner("credentialSchema")
    version = schema_of(schema.text("id"), pointer(schema.place, "id"))
    _expect_kind(shape, version)
    subject = shape.inner("credentialSubject")
    uri = shape.text("id", longest=128)
    if not uri.startswith(URN):
        raise MalformedDocument("not an id of ours", pointer(place, "id"))
    if subject.text("currency") != CURRENCY:
        raise BadAmount("only CNY is known", pointer(subject.place, "currency"))
    return CredentialHead(
        uri=CredentialUri(uri),
        credential_no=shape.text("credentialNo", longest=64),
        issuer=parse_did(shape.text("issuer"), pointer(place, "issuer")),
        subject=parse_did(subject.text("id"), pointer(subject.place, "id")),
        schema=version,
        as_of=subject.date("asOf"),
        valid_from=shape.time("validFrom"),
        valid_until=shape.time("validUntil"),
        lower_bound=lower_bound.read(subject.inner("lowerBound")),
        status=read_status_entries(shape),
    )


def read_claims(document: JsonObject, encoded: tuple[str, ...], place: str = "") -> ShownClaims:
    """Open disclosures and read the claims they show; strict about every one of them."""
    head = read_head(document, place)
    shown = reveal(unsecured(document), encoded)
    subject = shaped(shown.document, place).inner("credentialSubject")
    seed = subject.inner("lowerBound")
    return ShownClaims(
        lines=tuple(
            _line(line, head.schema) for line in subject.inners("assetLines", most=MOST_LINES)
        ),
        total=subject.amount("total"),
        in_transit=subject.amount("inTransit"),
        trading_experience=_experience(subject),
        seed=seed.data("seed") if "seed" in seed.members else None,
        guard=guard.read_guard(subject) if head.schema.guarded else ShownGuard(),
        paths=shown.paths,
    )


def read_whole(document: JsonObject, encoded: tuple[str, ...]) -> AssetProof:
    """The issuer's full statement, for the holder: all disclosures there, and consistent.

    Sum and chain are computed again, so a holder never countersigns a total or a bound that its own
    lines do not carry.
    """
    head, claims = read_head(document), read_claims(document, encoded)
    if claims.total is None or claims.in_transit is None or claims.seed is None:
        raise MalformedDocument("a disclosure is withheld from the holder", "/disclosures")
    lines = tuple(_whole_line(line) for line in claims.lines)
    proof = AssetProof(
        credential_id=head.credential_id,
        credential_no=head.credential_no,
        issuer=head.issuer,
        subject=head.subject,
        as_of=head.as_of,
        valid_from=head.valid_from,
        valid_until=head.valid_until,
        lines=lines,
        in_transit=claims.in_transit,
        trading_experience=claims.trading_experience,
        guard=_whole_guard(head, claims),
        schema=head.schema,
        status=head.status,
    )
    chain = lower_bound.commit(claims.seed, lower_bound.steps_of(proof.total))
    if proof.total != claims.total or chain != head.lower_bound.commitment:
        raise MalformedDocument("total, lines and lower bound do not agree", TOTAL)
    return proof


def concealed_paths(disclosures: tuple[Disclosure, ...]) -> frozenset[ClaimPath]:
    """Which kinds of claims can be disclosed, list numbers as `*`."""
    return frozenset(general(disclosure.path) for disclosure in disclosures)


def _body(proof: AssetProof, seed: bytes) -> JsonObject:
    subject: JsonObject = {
        "id": proof.subject,
        "asOf": proof.as_of.isoformat(),
        "currency": CURRENCY,
        "assetLines": [
            {"category": line.category.value, "amount": format_amount(line.amount)}
            for line in proof.lines
        ],
        "total": format_amount(proof.total),
        "inTransit": format_amount(proof.in_transit),
        "lowerBound": {
            **lower_bound.as_json(seed, proof.total),
            "seed": to_base64url(seed),
        },
    }
    experience = proof.trading_experience
    if experience is not None:
        subject["tradingExperience"] = {
            "firstTradeDate": experience.first_trade_date.isoformat(),
            "markets": list(experience.markets),
        }
    if proof.guard is not None:
        subject |= guard.members(proof.guard, seed)
    body: JsonObject = {
        "@context": list[JsonValue](contexts(proof.schema)),
        "id": credential_uri(proof.credential_id),
        "type": list[JsonValue](TYPES),
        "issuer": proof.issuer,
        "credentialNo": proof.credential_no,
        "credentialSchema": {"id": proof.schema.at(proof.schema_base), "type": "JsonSchema"},
        "validFrom": to_time(proof.valid_from),
        "validUntil": to_time(proof.valid_until),
        "credentialSubject": subject,
    }
    if proof.status:
        body["credentialStatus"] = [entry.as_json() for entry in proof.status]
    return body


def contexts(schema: SchemaVersion) -> tuple[str, str]:
    """`@context` of a body of that version."""
    return (W3C_CONTEXT, schema.context)


def _whole_guard(head: CredentialHead, claims: ShownClaims) -> guard.GuardFacts | None:
    if not head.schema.guarded or claims.total is None or claims.seed is None:
        return None
    return guard.whole(claims.guard, total=claims.total, seed=claims.seed)


def _expect_kind(shape: Shape, schema: SchemaVersion) -> None:
    if shape.texts("@context", most=8) != contexts(schema):
        raise MalformedDocument("not the contexts of an asset proof", f"{shape.place}/@context")
    if shape.texts("type", most=8) != TYPES:
        raise MalformedDocument("not an asset proof", pointer(shape.place, "type"))


def _line(shape: Shape, schema: SchemaVersion) -> ShownLine:
    place = pointer(shape.place, "category")
    category = parse_category(shape.text("category"), place, schema)
    return ShownLine(category=category, amount=shape.amount("amount"))


def _whole_line(line: ShownLine) -> AssetLine:
    if line.amount is None:
        raise MalformedDocument("an amount is withheld from the holder", LINE_AMOUNT)
    return AssetLine(category=line.category, amount=line.amount)


def _experience(subject: Shape) -> TradingExperience | None:
    if "tradingExperience" not in subject.members:
        return None
    shape = subject.inner("tradingExperience")
    return TradingExperience(
        first_trade_date=shape.date("firstTradeDate"), markets=shape.texts("markets", most=16)
    )
