"""An institution's allow-list changes: read strictly, stepped up to for this very list, told.

Laws: a change needs a token that was issued for it alone, bound to the digest of what is to be
written (R6), so that a stolen token, or one got for another list, changes nothing. The log learns
that the list changed, and keyed digests of the list and of who did it: never an address.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from ipaddress import IPv6Network, ip_network
from typing import Final

from ledger_adapter.crypto import sm3
from ledger_adapter.port import Envelope
from subgraphs.audit.kept.allow_lists import AllowList, Network
from subgraphs.audit.parts import Parts
from subgraphs.kit.errors import Forbidden, Invalid, NotFound
from subgraphs.kit.events import event
from subgraphs.kit.holder_keys import DIGESTS
from subgraphs.kit.ids import InstitutionId
from subgraphs.kit.mongo import Session
from subgraphs.kit.viewer import Role, Viewer
from subgraphs.vc.encoding import sm3_hash
from subgraphs.vc.strict_json import canonical

KIND: Final = "ALLOW_LIST_CHANGED"
MOST_NETWORKS: Final = 64
WIDEST: Final = {4: 8, 6: 19}
"""Fewer leading bits would be no list but half of the net; /19 is what IPv6 registries give."""


def read_networks(given: Sequence[tuple[str, bool]]) -> tuple[Network, ...]:
    """Sorted, each in its one spelling. Raises Invalid, naming the place."""
    if len(given) > MOST_NETWORKS:
        raise Invalid(f"at most {MOST_NETWORKS}", field="networks", code="NETWORKS_TOO_MANY")
    found: dict[str, Network] = {}
    for place, (text, bastion) in enumerate(given):
        network = _spelled(text, f"networks[{place}].network")
        if network in found:
            raise Invalid("one network twice", field=f"networks[{place}].network")
        found[network] = Network(network=network, bastion=bastion)
    return tuple(found[network] for network in sorted(found))


def _spelled(text: str, at: str) -> str:
    try:
        network = ip_network(text)
    except ValueError:
        raise Invalid("no network like 10.1.0.0/16", field=at, code="NETWORK_INVALID") from None
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped is not None:
        raise Invalid("an IPv4 network, written as IPv6", field=at, code="NETWORK_INVALID")
    if network.prefixlen < WIDEST[network.version]:
        raise Invalid("too wide a network", field=at, code="NETWORK_TOO_WIDE")
    return str(network)


def digest_of(institution: str, version: int, networks: Sequence[Network]) -> str:
    """What a step-up for this change is bound to: SM3 over the change as RFC 8785 JSON."""
    return sm3_hash(
        canonical(
            {
                "change": "setAllowList",
                "institutionId": institution,
                "expectedVersion": version,
                "networks": [{"network": one.network, "bastion": one.bastion} for one in networks],
            }
        )
    )


async def set_allow_list(
    parts: Parts,
    viewer: Viewer,
    *,
    institution: str,
    version: int,
    networks: tuple[Network, ...],
    session: Session,
) -> AllowList:
    """The regulator puts a list in the place of `version`. Forbidden with STEP_UP_REQUIRED names
    the digest that a token has to be bound to."""
    if viewer.role is not Role.REGULATOR:
        raise Forbidden("only the regulator may do this")
    if await parts.institutions.get(InstitutionId(institution)) is None:
        raise NotFound("institution", field="institutionId")
    wanted = digest_of(institution, version, networks)
    if viewer.stepped_up_for is None or not hmac.compare_digest(
        viewer.stepped_up_for.encode(), wanted.encode()
    ):
        raise Forbidden(f"needs a step-up bound to {wanted}", code="STEP_UP_REQUIRED")
    before = await parts.allow_lists.get(institution, session)
    if version != (before.version if before else 0):
        raise Invalid("the list has changed", field="expectedVersion", code="LIST_HAS_CHANGED")
    now = AllowList(
        institution=institution,
        version=version + 1,
        networks=networks,
        changed_at=parts.clock().replace(microsecond=0),
    )
    await parts.allow_lists.put(now, session)
    await parts.outbox.put(session, await _told(parts, viewer, now, wanted))
    return now


async def _told(parts: Parts, viewer: Viewer, now: AllowList, wanted: str) -> Envelope:
    key = await parts.holder_keys.key(DIGESTS)
    if key is None:
        raise LookupError("no key for digests")

    def keyed(text: str) -> str:
        return sm3.hmac(key, f"{KIND}|{text}".encode()).hex()

    return event(
        KIND,
        entity=now.institution,
        version=now.version,
        subjects=(now.institution,),
        institutions=(InstitutionId(now.institution),),
        at=now.changed_at,
        body={
            "version": now.version,
            "listDigest": keyed(wanted),
            "role": Role.REGULATOR.value,
            "by": keyed(viewer.subject or ""),
        },
    )
