"""Ids: `prefix_` and 26 characters of Crockford base32 over 128 random bits.

Laws: a prefix is part of the contract and never reused; the type follows from the id alone, without
a database; no time and no order is in an id. REGISTRY is the one list: node stubs, descriptions and
owners in all four SDLs are made from it.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Final, Literal, NewType

from ledger_adapter.crypto import sm3

NodeId = NewType("NodeId", str)
InstitutionId = NewType("InstitutionId", str)
HolderId = NewType("HolderId", str)
CredentialId = NewType("CredentialId", str)
EndorsementId = NewType("EndorsementId", str)
USCC = NewType("USCC", str)

SubgraphName = Literal["issuer", "wallet", "verifier", "audit"]

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# 26 * 5 = 130 bits carry 128: the first character holds three bits, hence 0..7
_FORM: Final = re.compile(r"([a-z]{4})_([0-7][0-9A-HJKMNP-TV-Z]{25})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What an id prefix stands for; `owner` is None while no subgraph serves the type yet."""

    prefix: str
    type_name: str
    owner: SubgraphName | None
    description: str


REGISTRY: Final[tuple[Kind, ...]] = (
    Kind(
        prefix="inst",
        type_name="Institution",
        owner="issuer",
        description="A financial institution or operator admitted to the network (机构).",
    ),
    Kind(
        prefix="hold",
        type_name="Holder",
        owner="wallet",
        description="The person whose assets are proved (持证方).",
    ),
    Kind(
        prefix="cred",
        type_name="Credential",
        owner="issuer",
        description="A verifiable asset proof of one holder by one issuer (资产证明凭证).",
    ),
    Kind(
        prefix="endo",
        type_name="Endorsement",
        owner="issuer",
        description="A signed change on an issued credential (变更签注).",
    ),
    Kind(
        prefix="schm",
        type_name="CredentialSchema",
        owner="issuer",
        description="A version of the credential's data format (凭证模板).",
    ),
    Kind(
        prefix="witm",
        type_name="WalletItem",
        owner="wallet",
        description="A credential as it lies in its holder's wallet (卡包条目).",
    ),
    Kind(
        prefix="cust",
        type_name="CustodyObject",
        owner="wallet",
        description="An encrypted copy that the holder put in cloud custody (云端托管).",
    ),
    Kind(
        prefix="drec",
        type_name="DeletionReceipt",
        owner="wallet",
        description="The custodian's signed word that a copy is gone (删除回执).",
    ),
    Kind(
        prefix="cons",
        type_name="Consent",
        owner="wallet",
        description="A holder's signed authorisation for one institution and purpose (授权).",
    ),
    Kind(
        prefix="preq",
        type_name="PresentationRequest",
        owner="verifier",
        description="A verifier's request for proofs, with nonce and audience (出示请求).",
    ),
    Kind(
        prefix="pres",
        type_name="Presentation",
        owner="verifier",
        description="What a holder showed to one verifier (出示).",
    ),
    Kind(
        prefix="veri",
        type_name="Verification",
        owner="verifier",
        description="The outcome of the checks on a presentation (核验).",
    ),
    Kind(
        prefix="accp",
        type_name="Acceptance",
        owner="verifier",
        description="A credential that a verifier accepted and keeps watching (采信).",
    ),
    Kind(
        prefix="qual",
        type_name="Qualification",
        owner="verifier",
        description="A decision whether a holder meets a rule set (合格投资者认定).",
    ),
    Kind(
        prefix="perm",
        type_name="BusinessPermission",
        owner="verifier",
        description="A holder's permission for a product at a verifier (业务权限).",
    ),
    Kind(
        prefix="supp",
        type_name="SupplementRequest",
        owner="verifier",
        description="A request to supplement proofs by a due date (补充证明).",
    ),
    Kind(
        prefix="aevt",
        type_name="AuditEvent",
        owner="audit",
        description="One business event in the log (存证事件).",
    ),
    Kind(
        prefix="ckpt",
        type_name="Checkpoint",
        owner=None,
        description="A signed head of the log (检查点).",
    ),
    Kind(prefix="node", type_name="ChainNode", owner=None, description="A chain node (链节点)."),
    Kind(
        prefix="disp",
        type_name="Dispute",
        owner="audit",
        description="A holder denies an application, a use or a content (争议).",
    ),
    Kind(
        prefix="evid",
        type_name="EvidencePackage",
        owner=None,
        description="An evidence package (证据包).",
    ),
    Kind(
        prefix="cmpl",
        type_name="Complaint",
        owner="audit",
        description="A complaint and the institutions that answer it (投诉).",
    ),
    Kind(
        prefix="exit",
        type_name="ExitCase",
        owner="audit",
        description="The exit of a user, an institution or the pilot, with its plan (退出).",
    ),
    Kind(prefix="inci", type_name="Incident", owner=None, description="An incident (事件)."),
    Kind(prefix="dril", type_name="Drill", owner=None, description="A drill (应急演练)."),
    Kind(
        prefix="bind",
        type_name="CustomerBinding",
        owner=None,
        description="A customer account matched to a root DID (客户绑定).",
    ),
    Kind(
        prefix="prep",
        type_name="Prepared",
        owner=None,
        description="A prepared payload waiting for the holder's signature (待签载荷).",
    ),
)

BY_PREFIX: Final = {kind.prefix: kind for kind in REGISTRY}
_PAIRS: Final = [first + second for first in ALPHABET for second in ALPHABET]
_BEGINNINGS: Final = {prefix: f"{prefix}_" for prefix in BY_PREFIX}
BY_TYPE: Final = {kind.type_name: kind for kind in REGISTRY}
NODE_TYPES: Final = tuple(kind.type_name for kind in REGISTRY if kind.owner is not None)


def new_id(prefix: str) -> str:
    """A fresh random id; an unregistered prefix is a bug and raises KeyError."""
    return _join(BY_PREFIX[prefix].prefix, secrets.token_bytes(16))


def institution_id(uscc: str) -> InstitutionId:
    """The id of an institution follows from its unified social credit code, on every deployment."""
    digest = sm3.digest(f"institution|{uscc}".encode())
    return InstitutionId(_join("inst", digest[:16]))


def derived_id(prefix: str, *facts: str) -> str:
    """An id that the same facts always give: for rows that must exist at most once."""
    text = "|".join((prefix, *facts))
    return _join(BY_PREFIX[prefix].prefix, sm3.digest(text.encode())[:16])


def type_of(text: object) -> str | None:
    """The GraphQL type an id names, None when malformed or of an unknown prefix."""
    if not isinstance(text, str):
        return None
    form = _FORM.fullmatch(text)
    kind = BY_PREFIX.get(form.group(1)) if form else None
    return kind.type_name if kind else None


def is_id(text: object, prefix: str) -> bool:
    """Whether it is an id of this prefix; asked some ten times for each event of the log."""
    if not isinstance(text, str) or not text.startswith(_BEGINNINGS[prefix]):
        return False
    return _FORM.fullmatch(text) is not None


def _join(prefix: str, raw: bytes) -> str:
    number = int.from_bytes(raw, "big")
    digits = [_PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)]
    return f"{prefix}_{''.join(digits)}"
