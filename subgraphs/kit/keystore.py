"""Institutions' private keys: one key store each, behind `sign`.

An HSM takes the place of the files by implementing KeyStore. A store signs for its own institution
and no other; KeyStores only hands out the right one.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Protocol

from ledger_adapter.crypto.keys import load_private_key
from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.errors import BadKey
from subgraphs.kit.errors import Refusal
from subgraphs.kit.ids import InstitutionId, is_id
from subgraphs.kit.offload import offload


class NoKey(Refusal):
    """The institution has no usable key on this deployment."""

    code = "SIGNING_KEY_UNAVAILABLE"


class KeyStore(Protocol):
    """The key of one institution."""

    async def sign(self, message: bytes, /) -> bytes:
        """SM2-with-SM3, 64 bytes r||s."""


class KeyStores(Protocol):
    """The way to each institution's own store."""

    def of(self, institution: InstitutionId, /) -> KeyStore: ...


class FileKeyStore:
    """An SM2 key in a file of its own."""

    def __init__(self, key: PrivateKey) -> None:
        self._key = key

    async def sign(self, message: bytes, /) -> bytes:
        return await offload(self._key.sign, message)


class FileKeyStores:
    """`<folder>/<institution id>.json`, read when first used."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open = lru_cache(maxsize=1024)(self._load)

    def of(self, institution: InstitutionId, /) -> KeyStore:
        return self._open(institution)

    def _load(self, institution: InstitutionId) -> KeyStore:
        if not is_id(institution, "inst"):
            raise NoKey("not an institution")
        try:
            return FileKeyStore(load_private_key(self._folder / f"{institution}.json"))
        except BadKey as fault:
            raise NoKey("the institution has no key on this deployment") from fault
