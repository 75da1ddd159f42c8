"""Where an institution's private keys live: files here, a hardware module in production.

Laws: a store belongs to one institution and never sees another's key; a key is asked for by a
name, never handed out; everything is synchronous (callers off-load).

A module after GM/T 0018 (SDF) signs ready digests by key index. It enters as a HardwareModule;
SM3(Z || M) is computed here, so that the module needs no opinion on signer ids.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final, NewType, Protocol

from ledger_adapter.crypto import der, sm2
from ledger_adapter.crypto.der import Signature
from ledger_adapter.crypto.keys import load_private_key
from ledger_adapter.crypto.sealing import Passphrase
from ledger_adapter.crypto.sm2 import PrivateKey, PublicKey
from ledger_adapter.errors import BadKey

KeyId = NewType("KeyId", str)
"""A name of letters, digits, `-`, `_` and `.`, such as `inst_...` or `key-2`."""

_KEY_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class KeyStore(Protocol):
    """The keys of one institution. Both calls raise BadKey for a name the store does not hold."""

    def public_key(self, key_id: KeyId, /) -> PublicKey: ...
    def sign(self, key_id: KeyId, message: bytes, /) -> bytes:
        """SM2-with-SM3, 64 bytes r || s. May be called from several threads."""
        ...


class HardwareModule(Protocol):
    """What a module's driver offers: SDF_ExportSignPublicKey_ECC and SDF_InternalSign_ECC."""

    def public_point(self, index: int, /) -> bytes:
        """65 bytes, 04 x y."""
        ...

    def sign_digest(self, index: int, digest: bytes, /) -> Signature: ...


class FileKeyStore:
    """`<folder>/<key id>.json`, each read when first used."""

    def __init__(
        self, folder: Path, *, passphrase: Passphrase | None = None, plain: bool = False
    ) -> None:
        self._folder, self._passphrase, self._plain = folder, passphrase, plain
        self._key = lru_cache(maxsize=64)(self._load)

    def public_key(self, key_id: KeyId, /) -> PublicKey:
        return self._key(key_id).public_key

    def sign(self, key_id: KeyId, message: bytes, /) -> bytes:
        return self._key(key_id).sign(message)

    def _load(self, key_id: KeyId) -> PrivateKey:
        path = self._folder / f"{_checked(key_id)}.json"
        return load_private_key(path, passphrase=self._passphrase, plain=self._plain)


class ModuleKeyStore:
    """One institution's key indices in a hardware module; no private key is ever in this process.

    Each signature is verified before it leaves: a module may be mapped to the wrong key.
    """

    def __init__(self, module: HardwareModule, indices: Mapping[KeyId, int]) -> None:
        self._module, self._indices = module, dict(indices)

    def public_key(self, key_id: KeyId, /) -> PublicKey:
        return PublicKey.from_bytes(self._module.public_point(self._index(key_id)))

    def sign(self, key_id: KeyId, message: bytes, /) -> bytes:
        index, public = self._index(key_id), self.public_key(key_id)
        signature = der.to_raw(self._module.sign_digest(index, sm2.signed_digest(public, message)))
        if not public.verify(message, signature):
            raise BadKey("the module's signature does not verify under the key it names")
        return signature

    def _index(self, key_id: KeyId) -> int:
        if key_id not in self._indices:
            raise BadKey("the store holds no key of this name")
        return self._indices[key_id]


class KeyStores:
    """The way from an institution to its own store, and to no other."""

    def __init__(self, open_store: Callable[[str], KeyStore]) -> None:
        self._of = lru_cache(maxsize=1024)(open_store)

    def sign(self, institution: str, key_id: KeyId, message: bytes, /) -> bytes:
        """A signature with a key of that institution."""
        return self._of(_checked(institution)).sign(key_id, message)

    def public_key(self, institution: str, key_id: KeyId, /) -> PublicKey:
        """The public half of a key of that institution."""
        return self._of(_checked(institution)).public_key(key_id)


def _checked(name: str) -> str:
    if _KEY_ID.fullmatch(name) is None:
        raise BadKey("a key is named by letters, digits, '-', '_' and '.'")
    return name
