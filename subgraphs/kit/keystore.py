"""Institutions' private keys, off the event loop: one store each (decision 26).

The stores themselves are `ledger_adapter.crypto.keystore`: files here, a hardware module where a
deployment hands in its own `KeyStores`. Nothing but bytes and names passes here, never a key.
"""

from __future__ import annotations

from typing import Protocol

from ledger_adapter.crypto.keys import refuse_plain
from ledger_adapter.crypto.keystore import FileKeyStore, KeyId, KeyStores
from ledger_adapter.crypto.sm2 import PublicKey
from ledger_adapter.errors import CryptoError
from subgraphs.kit.errors import Refusal
from subgraphs.kit.ids import InstitutionId, is_id
from subgraphs.kit.offload import offload
from subgraphs.kit.settings import Settings


class NoKey(Refusal):
    """The institution has no usable key of this name on this deployment."""

    code = "SIGNING_KEY_UNAVAILABLE"


class Signer(Protocol):
    """Signs with a key of the institution that is named, and of no other."""

    async def sign(self, institution: InstitutionId, key_id: KeyId, message: bytes, /) -> bytes:
        """SM2-with-SM3, 64 bytes r || s; NoKey where the store holds no such key."""


class InstitutionKeys:
    """A Signer over key stores."""

    def __init__(self, stores: KeyStores) -> None:
        self._stores = stores

    async def sign(self, institution: InstitutionId, key_id: KeyId, message: bytes, /) -> bytes:
        if not is_id(institution, "inst"):
            raise NoKey("not an institution")
        try:
            return await offload(self._stores.sign, institution, key_id, message)
        except CryptoError as fault:
            raise NoKey("the institution has no such key on this deployment") from fault

    def public_key(self, institution: InstitutionId, key_id: KeyId, /) -> PublicKey:
        """The public half; CryptoError where there is none."""
        return self._stores.public_key(institution, key_id)


def file_keys(settings: Settings) -> InstitutionKeys:
    """Keys in `<keys>/<institution id>/<key id>.json`, each read when first used.

    BadKey at once for a file that is not sealed and would have to be.
    """
    terms = settings.key_files
    if not terms.plain:
        for file in sorted(settings.keys.glob("*/*.json")):
            refuse_plain(file)

    def opened(institution: str) -> FileKeyStore:
        folder = settings.keys / institution
        return FileKeyStore(folder, passphrase=terms.passphrase, plain=terms.plain)

    return InstitutionKeys(KeyStores(opened))


def key_id(number: int) -> KeyId:
    """The name of an institution's n-th key, as in its DID document: `key-1`."""
    return KeyId(f"key-{number}")
