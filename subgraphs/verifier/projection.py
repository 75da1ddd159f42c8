"""What the log tells a verifier: entries in, rows of its own projections out. Pure.

Laws: an entry that does not read as its kind promises changes nothing and stops nothing; a row is
changed only by the issuer, holder or register that wrote it first; of two ends of a credential the
first on the log counts; entries come in log order.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Final

from ledger_adapter.port import Envelope, JsonValue
from subgraphs.kit.ids import CredentialId, HolderId, InstitutionId, is_id
from subgraphs.verifier.records import (
    ConsentId,
    ConsentOnLog,
    CredentialOnLog,
)
from subgraphs.verifier.states import CredentialStatus

_STATUS_OF_KIND: Final[Mapping[str, CredentialStatus]] = {
    "CREDENTIAL_OFFERED": CredentialStatus.OFFERED,
    "CREDENTIAL_ACTIVATED": CredentialStatus.ACTIVE,
    "CREDENTIAL_WITHDRAWN": CredentialStatus.WITHDRAWN,
    "CREDENTIAL_LAPSED": CredentialStatus.LAPSED,
    "CREDENTIAL_EXPIRED": CredentialStatus.EXPIRED,
    "CREDENTIAL_SUPERSEDED": CredentialStatus.SUPERSEDED,
    "CREDENTIAL_CANCELLED": CredentialStatus.CANCELLED,
}
LOOKED: Final = "CREDENTIAL_RECHECKED"
HEEDED: Final = frozenset(
    {*_STATUS_OF_KIND, "CREDENTIAL_ENDORSED", LOOKED, "CONSENT_GRANTED", "CONSENT_WITHDRAWN"}
)
"""The kinds that change a row here."""
_OVER: Final = frozenset(
    {
        *(CredentialStatus.REVOKED, CredentialStatus.CANCELLED, CredentialStatus.EXPIRED),
        CredentialStatus.SUPERSEDED,
    }
)


def subject(envelope: Envelope, prefix: str) -> str | None:
    """The first subject of a type; a kind names at most one of each but credentials."""
    return next((s for s in envelope.subjects if is_id(s, prefix)), None)


def text(envelope: Envelope, name: str) -> str | None:
    """A text member of the body."""
    value = envelope.body.get(name)
    return value if isinstance(value, str) else None


def credential_after(
    held: CredentialOnLog | None, envelope: Envelope, index: int
) -> CredentialOnLog | None:
    """The credential's row after this entry; the row held when the entry is not about it."""
    if envelope.kind == LOOKED:
        return _looked(held, envelope)
    status = _status_after(envelope)
    id_, issuer = subject(envelope, "cred"), text(envelope, "issuer")
    if status is None or id_ is None or issuer is None:
        return held
    if held is not None:
        if held.issuer != issuer or held.status in _OVER:
            return held
        if status is CredentialStatus.CANCELLED and held.holder != subject(envelope, "hold"):
            return held
        return replace(
            held,
            status=status,
            vc_hash=text(envelope, "vcHash") or held.vc_hash,
            valid_until=_time(envelope.body.get("validUntil")) or held.valid_until,
            at_index=index,
            as_of=_day(envelope.body.get("asOf")) or held.as_of,
            reduced=_reduced(held.reduced, envelope),
            looked_at=envelope.at if _looks(envelope) else held.looked_at,
        )
    vc_hash, holder = text(envelope, "vcHash"), subject(envelope, "hold")
    if vc_hash is None or holder is None:
        return None
    return CredentialOnLog(
        id=CredentialId(id_),
        vc_hash=vc_hash,
        issuer=InstitutionId(issuer),
        holder=HolderId(holder),
        status=status,
        valid_until=_time(envelope.body.get("validUntil")),
        at_index=index,
        first_index=index,
        first_at=envelope.at,
        as_of=_day(envelope.body.get("asOf")),
        looked_at=envelope.at,
    )


def _looked(held: CredentialOnLog | None, envelope: Envelope) -> CredentialOnLog | None:
    """Its issuer looked again and found nothing to endorse; the status stays where it was told."""
    if held is None or held.issuer != text(envelope, "issuer") or held.status in _OVER:
        return held
    return replace(held, looked_at=envelope.at)


def _looks(envelope: Envelope) -> bool:
    """An endorsement of anything but a note says what its issuer has found."""
    return envelope.kind == "CREDENTIAL_ENDORSED" and text(envelope, "effect") != "NOTE"


def consent_after(held: ConsentOnLog | None, envelope: Envelope, index: int) -> ConsentOnLog | None:
    """The consent's row after CONSENT_GRANTED or CONSENT_WITHDRAWN."""
    id_, holder = subject(envelope, "cons"), subject(envelope, "hold")
    match envelope.kind:
        case "CONSENT_GRANTED" if id_ and holder and envelope.institutions and held is None:
            return ConsentOnLog(
                id=ConsentId(id_),
                holder=HolderId(holder),
                institution=InstitutionId(envelope.institutions[0]),
                monitoring=envelope.body.get("monitoring") is True,
                digest=text(envelope, "consentDigest"),
                withdrawn=False,
                at_index=index,
            )
        case "CONSENT_WITHDRAWN" if held is not None and held.holder == holder:
            return replace(held, withdrawn=True, at_index=index)
        case _:
            return held


def _status_after(envelope: Envelope) -> CredentialStatus | None:
    if envelope.kind != "CREDENTIAL_ENDORSED":
        return _STATUS_OF_KIND.get(envelope.kind)
    state = text(envelope, "state")
    return CredentialStatus(state) if state in set(CredentialStatus) else None


def _reduced(held: bool, envelope: Envelope) -> bool:
    effect = text(envelope, "effect")
    return effect == "REDUCED" or (held and effect != "RESTORED")


def _day(value: JsonValue) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _time(value: JsonValue) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except ValueError:
        return None
