"""An institution's key as its registration on the log says, for checks with files alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from ledger_adapter.errors import BadProof
from ledger_adapter.evidence.trust import Trust
from ledger_adapter.verify import verify_bundle
from subgraphs.vc.did import Did, MethodId, method_id
from subgraphs.vc.multikey import VerificationKey, decode_key


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredKey:
    """The first key of a registered institution, and how far to trust the log that says so."""

    name: str
    key: VerificationKey
    trust: str


def registered_key(
    registration: bytes, trust: Trust, *, did: Did, method: MethodId | None, role: str
) -> RegisteredKey:
    """From the bundle of its INSTITUTION_REGISTERED; BadProof for another one's, another role, or
    a signature with a key that came later."""
    told = verify_bundle(registration, trust)
    registered = body_of(opened(told.envelope, "INSTITUTION_REGISTERED"))
    roles = registered.get("roles")
    if registered.get("did") != did:
        raise BadProof("registration", "it is another institution's")
    if not isinstance(roles, list) or role not in roles:
        raise BadProof("registration", f"not registered as {role}")
    if method != method_id(did):
        raise BadProof("registration", "signed with a later key than the registered one")
    key = decode_key(str(registered["publicKeyMultibase"]))
    return RegisteredKey(name=str(registered["name"]), key=key, trust=told.trust)


def opened(envelope: Mapping[str, object] | None, kind: str) -> Mapping[str, object]:
    """The envelope of an opened proof of this kind."""
    if envelope is None or envelope["kind"] != kind:
        raise BadProof("event", f"an opened proof of {kind} is expected")
    return envelope


def body_of(envelope: Mapping[str, object]) -> Mapping[str, object]:
    body = envelope["body"]
    assert isinstance(body, dict)  # noqa: S101  # parse_envelope has checked it
    return body
