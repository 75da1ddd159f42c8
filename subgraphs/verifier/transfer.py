"""What a presentation says once it is here, whichever way it took.

By CUSTODY_LINK an envelope comes: the credentials are fetched from the custodian, in the verifier's
own name, held against the digests the holder stated, and opened with the keys she sealed for this
request. From there on it is the presentation she signed. Nothing of it is kept before `submit`
keeps all of it: a custodian that is away leaves no trace, and the same call may come again.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.errors import DecryptionFailed
from subgraphs.kit.errors import Busy, Invalid, NotFound
from subgraphs.kit.ids import HolderId
from subgraphs.kit.offload import offload
from subgraphs.vc.custody_link import (
    Lent,
    Transfer,
    filled_in,
    is_transfer,
    open_transfer,
    transfer_key,
)
from subgraphs.vc.encoding import sm3_hash
from subgraphs.vc.errors import VcError
from subgraphs.vc.strict_json import JsonObject
from subgraphs.verifier.parts import Parts
from subgraphs.verifier.ports import Claim, LinkRefused
from subgraphs.verifier.records import Request
from subgraphs.verifier.states import RequestState, TransferMode
from subgraphs.verifier.submit import PresentationRefused

log = logging.getLogger("credgraph.verifier.transfer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The presentation, None where the request is over and nothing was fetched for it; and the
    links that are used up once it is kept."""

    value: object | None
    claims: tuple[Claim, ...] = ()


async def received(
    parts: Parts, holder: HolderId, *, request_id: str, value: object, mode: TransferMode | None
) -> Received:
    """Asks the custodian, so never within a transaction; Busy while it is away."""
    _check_way(is_transfer(value), mode)
    if mode is not TransferMode.CUSTODY_LINK:
        return Received(value=value)
    request = await parts.store.requests.get(request_id)
    if request is None or request.holder != holder:
        raise NotFound("presentation request", field="requestId")
    if request.state is RequestState.USED or parts.clock() >= request.expires_at:
        return Received(value=None)
    key = await request_key(parts, request)
    if key is None:
        raise NotFound("presentation request", field="requestId")
    transfer = await _opened(value, key, request)
    claims = [
        Claim(link=one.link, word=one.word, audience=request.audience, request=request.id)
        for one in transfer.copies
    ]
    copies = await _fetched(parts, transfer.copies, claims)
    return Received(value=await _filled_in(transfer, copies), claims=tuple(claims))


def _check_way(by_link: bool, mode: TransferMode | None) -> None:
    """What comes and the way it is said to come belong together."""
    if by_link and mode is not TransferMode.CUSTODY_LINK:
        raise Invalid(
            "a CustodyLinkTransfer needs transferMode CUSTODY_LINK",
            field="transferMode",
            code="TRANSFER_MODE_MISMATCH",
        )
    if mode is TransferMode.CUSTODY_LINK and not by_link:
        raise Invalid(
            "by transferMode CUSTODY_LINK comes a CustodyLinkTransfer, and nothing else",
            field="presentation",
            code="TRANSFER_MODE_MISMATCH",
        )


async def request_key(parts: Parts, request: Request) -> PrivateKey | None:
    """The key pair that answers to this request are sealed for; None once she is forgotten."""
    held = await parts.holder_keys.key(request.holder)
    return None if held is None else await offload(transfer_key, held, request.id)


async def used_up(parts: Parts, claims: Sequence[Claim]) -> None:
    """Tell the custodian; one that is away ends the links by their time."""
    for claim in claims:
        try:
            async with asyncio.timeout(parts.terms.custodian_waits.total_seconds()):
                await parts.copies.collected(claim)
        except (Busy, TimeoutError) as fault:
            log.warning("a link ends by its time: %s", fault)


async def _opened(value: object, key: PrivateKey, request: Request) -> Transfer:
    try:
        return await offload(
            open_transfer, value, key, nonce=request.nonce, audience=request.audience
        )
    except DecryptionFailed:
        raise PresentationRefused(
            "altered, or sealed for another request", code="CUSTODY_TRANSFER_CLOSED"
        ) from None
    except VcError as fault:
        raise Invalid(str(fault), field=f"presentation{fault.place}", code=fault.code) from fault


async def _fetched(parts: Parts, lent: Sequence[Lent], claims: Sequence[Claim]) -> list[bytes]:
    """Each copy with the digest its holder stated, within the time a custodian is waited for."""
    copies = []
    try:
        async with asyncio.timeout(parts.terms.custodian_waits.total_seconds()):
            for one, claim in zip(lent, claims, strict=True):
                copy = await parts.copies.collect(claim, largest=parts.terms.largest_copy)
                if await offload(sm3_hash, copy) != one.ciphertext_hash:
                    raise PresentationRefused(
                        "the custodian has something else", code="CUSTODY_COPY_ALTERED"
                    )
                copies.append(copy)
    except TimeoutError:
        raise Busy("the custodian does not answer", code="CUSTODIAN_UNAVAILABLE") from None
    except LinkRefused as refusal:
        raise PresentationRefused(refusal.message, code=refusal.code) from refusal
    return copies


async def _filled_in(transfer: Transfer, copies: Sequence[bytes]) -> JsonObject:
    try:
        return await offload(filled_in, transfer, copies)
    except DecryptionFailed:
        raise PresentationRefused(
            "the keys do not open the copy", code="CUSTODY_COPY_CLOSED"
        ) from None
    except VcError as fault:
        raise Invalid(str(fault), field=f"presentation{fault.place}", code=fault.code) from fault
