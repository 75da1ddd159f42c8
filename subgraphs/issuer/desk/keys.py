"""The key an issuer signs with today, as the register says; the store finds it by the same name."""

from __future__ import annotations

from dataclasses import dataclass

from ledger_adapter.crypto.keystore import KeyId
from subgraphs.issuer.parts import Parts
from subgraphs.kit.ids import InstitutionId
from subgraphs.kit.keystore import NoKey
from subgraphs.vc.did import MethodId


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """`method` is what a proof names, `id` what the key store knows it by: `key-2`."""

    method: MethodId
    id: KeyId


async def signing_key(parts: Parts, issuer: InstitutionId) -> SigningKey:
    """NoKey for an institution that is not on the register, or gave its DID up."""
    row = await parts.institutions.get(issuer)
    method = None if row is None else row.method
    if method is None:
        raise NoKey("the institution has no key on the register")
    return SigningKey(method=method, id=KeyId(method.partition("#")[2]))
