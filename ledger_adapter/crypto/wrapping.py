"""Master keys, which wrap data keys: SM4-GCM, one file each, the highest number is in force.

`<folder>/master-<n>.json` holds an SM4 key, sealed under a passphrase and bound to its name, or
plain in demo mode. A hardware module enters as another MasterKeys: no master key has to be in this
process.
"""

import base64
import binascii
import json
import os
import re
import secrets
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final, NewType, Protocol

from ledger_adapter.crypto import sealing, sm4
from ledger_adapter.crypto.sealing import Passphrase
from ledger_adapter.crypto.terms import KeyTerms
from ledger_adapter.errors import BadKey, DecryptionFailed

MasterId = NewType("MasterId", str)
"""`master-1`, `master-2`, ..."""

_FILE: Final = re.compile(r"master-([1-9][0-9]{0,5})\.json")
_PLACE: Final = b"credgraph master key|"


class MasterKeys(Protocol):
    """What wraps data keys. `beside` is public text a wrapped key is bound to."""

    def newest(self) -> MasterId:
        """The key in force; BadKey where there is none."""
        ...

    def wrap(self, master: MasterId, key: bytes, beside: bytes, /) -> bytes: ...
    def unwrap(self, master: MasterId, wrapped: bytes, beside: bytes, /) -> bytes:
        """DecryptionFailed for another key or text, BadKey for a master that is not here."""
        ...


class FileMasterKeys:
    """Master keys in files; each is read when first used, the folder is looked at again."""

    def __init__(self, folder: Path, terms: KeyTerms) -> None:
        self._folder, self._terms = folder, terms
        self._key = lru_cache(maxsize=64)(self._load)

    def newest(self) -> MasterId:
        """The key in force; BadKey where there is none."""
        number = _highest(self._folder)
        if number == 0:
            raise BadKey(f"there is no master key in {self._folder}")
        return MasterId(f"master-{number}")

    def wrap(self, master: MasterId, key: bytes, beside: bytes, /) -> bytes:
        nonce = secrets.token_bytes(sm4.NONCE_SIZE)
        return nonce + sm4.seal(self._key(master), nonce, key, beside)

    def unwrap(self, master: MasterId, wrapped: bytes, beside: bytes, /) -> bytes:
        nonce, box = wrapped[: sm4.NONCE_SIZE], wrapped[sm4.NONCE_SIZE :]
        if len(nonce) != sm4.NONCE_SIZE:
            raise DecryptionFailed("a wrapped key is longer")
        return sm4.open_(self._key(master), nonce, box, beside)

    def _load(self, master: MasterId) -> bytes:
        path = self._folder / f"{master}.json"
        if _FILE.fullmatch(path.name) is None:
            raise BadKey("a master key is named master-<number>")
        try:
            found = json.loads(path.read_text(encoding="ascii"))
        except (OSError, ValueError) as fault:
            raise BadKey(f"key file {path} cannot be read: {type(fault).__name__}") from None
        if not isinstance(found, dict) or found.get("id") != master:
            raise BadKey(f"key file {path} is not {master}")
        key = _secret(found, self._terms, path)
        if len(key) != sm4.KEY_SIZE:
            raise BadKey(f"key file {path} holds no SM4 key")
        return key


def make_master(folder: Path, passphrase: Passphrase | None) -> MasterId:
    """The next master key in a file of its own, mode 0600; plain without a passphrase."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    master = MasterId(f"master-{_highest(folder) + 1}")
    key = secrets.token_bytes(sm4.KEY_SIZE)
    held: dict[str, object] = {"id": master, "alg": "SM4"}
    if passphrase is None:
        held["k"] = base64.b64encode(key).decode("ascii")
    else:
        held["sealed"] = sealing.seal(key, passphrase, beside=_PLACE + master.encode())
    draft = folder / f".{master}.{os.getpid()}"
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(json.dumps(held, indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.rename(folder / f"{master}.json")  # killed half-way: no half a key
    return master


def _highest(folder: Path) -> int:
    found = (_FILE.fullmatch(path.name) for path in folder.glob("master-*.json"))
    return max((int(name[1]) for name in found if name), default=0)


def _secret(found: Mapping[str, object], terms: KeyTerms, path: Path) -> bytes:
    if "k" in found:
        if not terms.plain:
            raise BadKey(f"key file {path} is not sealed; outside demo mode it has to be")
        try:
            return base64.b64decode(str(found["k"]), validate=True)
        except (binascii.Error, ValueError):
            raise BadKey(f"key file {path} holds no SM4 key") from None
    sealed = found.get("sealed")
    if terms.passphrase is None or not isinstance(sealed, dict):
        raise BadKey(f"key file {path} is sealed and no passphrase was given")
    beside = _PLACE + str(found["id"]).encode()
    try:
        return sealing.open_(sealed, terms.passphrase, beside=beside)
    except DecryptionFailed as fault:
        raise DecryptionFailed(f"key file {path}: {fault}") from None
