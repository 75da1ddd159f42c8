"""The identity provider as the subgraphs see it: a port, and its HTTP client (decision 24)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import httpx

from subgraphs.kit.errors import Busy, Invalid
from subgraphs.vc.encoding import from_base64url, to_base64url
from subgraphs.vc.errors import VcError
from subgraphs.vc.proofing import Proofing, parse_proofing
from subgraphs.vc.receipt import RootDidReceipt, parse_receipt
from subgraphs.vc.recovery import RecoveryNotice, parse_notice
from subgraphs.vc.strict_json import as_object
from subgraphs.vc.tags import TagKey

TIMEOUT: Final = httpx.Timeout(5.0, connect=1.0)
JsonObject = dict[str, Any]
Later = Sequence[JsonObject]


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A person's wish for a root DID; `payload` are the bytes the new key signed."""

    identity_document: str
    public_key_multibase: str
    proof_of_possession: str
    payload: bytes
    face_assertion: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """`created` is False when the person had a root DID already: the receipt is that one's. The
    proofing is this application's, each time."""

    receipt: RootDidReceipt
    created: bool
    proofing: Proofing


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryBegun:
    """The provider's notice, the version that stops a reported key (None where none was to be
    stopped), and how she was looked at."""

    notice: RecoveryNotice
    stopped: JsonObject | None
    proofing: Proofing


class IdentityProvider(Protocol):
    """Whoever keeps the industry's root DIDs unique."""

    async def register(self, application: Application, /) -> Registration:
        """Raises Invalid for what the provider refuses, Busy when it cannot be reached."""

    async def recover(self, wish: Application, later: Later, /) -> RecoveryBegun:
        """Begin a recovery; `wish.payload` as in vc.recovery, `later` the DID's versions after the
        first. The same wish again gets the same notice. Raises as register does."""

    async def complete_recovery(self, did: str, recovery: str, later: Later, /) -> JsonObject:
        """The signed version with the new key, the same one each time; Invalid before its time."""

    async def cancel_recovery(self, did: str, document: JsonObject, later: Later, /) -> None:
        """Nothing is under way afterwards; Invalid unless the key in force signed for it."""

    async def match(self, did: str, identity_document: str, /) -> RootDidReceipt | None:
        """The receipt when the DID belongs to that identity document, else None."""

    async def tag_key(self, did: str, identity_document: str, /) -> TagKey | None:
        """The key of this person's tags (`subgraphs.vc.tags`), for her issuers; None as above."""


class HttpIdentityProvider:
    """The provider behind `identity_url`."""

    def __init__(self, url: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._client = httpx.AsyncClient(base_url=url, timeout=TIMEOUT, transport=transport)

    async def close(self) -> None:
        await self._client.aclose()

    async def register(self, application: Application, /) -> Registration:
        answer = await self._post("/registrations", _sent(application))
        return Registration(
            receipt=_receipt(answer["receipt"]),
            created=bool(answer["created"]),
            proofing=_proofing(answer.get("proofing")),
        )

    async def recover(self, wish: Application, later: Later, /) -> RecoveryBegun:
        answer = await self._post("/recoveries", {**_sent(wish), "later": list(later)})
        return RecoveryBegun(
            notice=_notice(answer.get("notice")),
            stopped=answer["stopped"],
            proofing=_proofing(answer.get("proofing")),
        )

    async def complete_recovery(self, did: str, recovery: str, later: Later, /) -> JsonObject:
        asked = {"did": did, "recovery": recovery, "later": list(later)}
        version: JsonObject = (await self._post("/recoveries/completions", asked))["version"]
        return version

    async def cancel_recovery(self, did: str, document: JsonObject, later: Later, /) -> None:
        asked = {"did": did, "document": document, "later": list(later)}
        await self._post("/recoveries/cancellations", asked)

    async def match(self, did: str, identity_document: str, /) -> RootDidReceipt | None:
        answer = await self._post("/matches", {"did": did, "identityDocument": identity_document})
        return _receipt(answer["receipt"]) if answer["matched"] else None

    async def tag_key(self, did: str, identity_document: str, /) -> TagKey | None:
        answer = await self._post("/tag-keys", {"did": did, "identityDocument": identity_document})
        return TagKey(from_base64url(str(answer["tagKey"]))) if answer["matched"] else None

    async def _post(self, path: str, body: JsonObject) -> JsonObject:
        try:
            response = await self._client.post(path, json=body)
        except httpx.HTTPError as fault:
            raise Busy(
                "the identity provider cannot be reached", code="IDENTITY_PROVIDER_UNAVAILABLE"
            ) from fault
        answer: JsonObject = response.json() if response.content else {}
        if response.status_code in {400, 409, 422}:
            raise Invalid(
                str(answer.get("message", "refused by the identity provider")),
                field=str(answer.get("field", "identityDocument")),
                code=str(answer.get("code", "IDENTITY_REFUSED")),
            )
        if response.status_code not in {200, 201}:
            raise Busy("the identity provider cannot answer", code="IDENTITY_PROVIDER_UNAVAILABLE")
        return answer


def _sent(application: Application) -> JsonObject:
    return {
        "identityDocument": application.identity_document,
        "publicKeyMultibase": application.public_key_multibase,
        "proofOfPossession": application.proof_of_possession,
        "payload": to_base64url(application.payload),
        "faceAssertion": dict(application.face_assertion),
    }


def _notice(value: Any) -> RecoveryNotice:
    try:
        return parse_notice(as_object(value))
    except VcError as fault:
        raise Busy(
            "the identity provider answered what is no notice",
            code="IDENTITY_PROVIDER_UNAVAILABLE",
        ) from fault


def _proofing(value: Any) -> Proofing:
    try:
        return parse_proofing(as_object(value))
    except VcError as fault:
        raise Busy(
            "the identity provider answered what is no proofing",
            code="IDENTITY_PROVIDER_UNAVAILABLE",
        ) from fault


def _receipt(value: JsonObject) -> RootDidReceipt:
    try:
        return parse_receipt(value)
    except VcError as fault:
        raise Busy(
            "the identity provider answered what is no receipt",
            code="IDENTITY_PROVIDER_UNAVAILABLE",
        ) from fault
