"""Blinded names of positions, accounts and transfers (domain: POSITION_TAG, FLOW_TAG).

A tag is HMAC-SM3 under a key of one root DID: two institutions that state the same thing of the
same customer write the same tag, and nobody else can compare or guess anything with it. The three
kinds are separated by domain, so that an account can never pass for a transfer.
"""

import re
from typing import Final, NewType

from ledger_adapter.crypto import sm3
from subgraphs.vc.errors import MalformedDocument

TagKey = NewType("TagKey", bytes)
PositionTag = NewType("PositionTag", str)
AccountTag = NewType("AccountTag", str)
FlowTag = NewType("FlowTag", str)
_FORM: Final = re.compile(r"[0-9a-f]{64}")


def tag_key(provider_secret: bytes, root_did: str) -> TagKey:
    """The key of one person, 32 bytes: derived by the identity provider, told to her issuers."""
    return TagKey(sm3.hkdf(provider_secret, 32, info=b"credgraph tags|" + root_did.encode()))


def position_tag(key: TagKey, *, registrar_account: str, product: str) -> PositionTag:
    """One product in one account at the registrar, whoever attests it."""
    return PositionTag(_tag(key, "position", registrar_account, product))


def account_tag(key: TagKey, *, institution: str, account: str) -> AccountTag:
    """One account at one institution."""
    return AccountTag(_tag(key, "account", institution, account))


def flow_tag(key: TagKey, reference: str) -> FlowTag:
    """One transfer, by the reference that both of its ends keep."""
    return FlowTag(_tag(key, "flow", reference))


def checked_tag(text: str, place: str = "") -> str:
    """A text that has the form of a tag."""
    if not _FORM.fullmatch(text):
        raise MalformedDocument("a tag is 64 hexadecimal digits", place)
    return text


def _tag(key: TagKey, *facts: str) -> str:
    written = b"".join(
        len(raw).to_bytes(4, "big") + raw for raw in (fact.encode() for fact in facts)
    )
    return sm3.hmac(key, written).hex()
