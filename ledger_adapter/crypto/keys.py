"""SM2 private keys in files: one JSON Web Key each, readable by the owner alone.

Sealed (the private half under a passphrase, bound to the public half) or plain. Plain files are
for demo deployments: a door that is not in demo mode loads with `plain=False`.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ledger_adapter.crypto import jwk as web_keys
from ledger_adapter.crypto import sealing
from ledger_adapter.crypto.sealing import Passphrase
from ledger_adapter.crypto.sm2 import PrivateKey, PublicKey
from ledger_adapter.errors import BadKey, DecryptionFailed

_PUBLIC: Final = {"kty", "crv", "x", "y"}


def save_private_key(
    path: str | os.PathLike[str], key: PrivateKey, *, passphrase: Passphrase | None = None
) -> None:
    """Write mode 0600 under another name, then rename: a crash leaves no half key."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    public = web_keys.to_jwk(key.public_key)
    text = json.dumps(_with_secret(public, key, passphrase), indent=1) + "\n"
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(target)


def load_private_key(
    path: str | os.PathLike[str], *, passphrase: Passphrase | None = None, plain: bool = True
) -> PrivateKey:
    """The key, after checking that its public half belongs to its private one."""
    place = os.fspath(path)
    jwk = _read(Path(path))
    if "d" in jwk and not plain:
        raise _plain(place)
    public, expected = _public(jwk, place)
    key = PrivateKey.from_scalar(_secret(jwk, public, passphrase, place))
    if key.public_key != expected:
        raise BadKey(f"key file {place} holds two halves of different keys")
    return key


def load_public_key(path: str | os.PathLike[str]) -> PublicKey:
    """The public half as the file states it, sealed or not; no passphrase is needed."""
    return _public(_read(Path(path)), os.fspath(path))[1]


def refuse_plain(path: str | os.PathLike[str]) -> None:
    """BadKey for a file that is not sealed; the key itself is not opened."""
    if "d" in _read(Path(path)):
        raise _plain(os.fspath(path))


def _plain(place: str) -> BadKey:
    return BadKey(f"key file {place} is not sealed; outside demo mode it has to be")


def _read(path: Path) -> dict[str, object]:
    try:
        jwk = json.loads(path.read_text(encoding="ascii"))
    except (OSError, ValueError) as fault:
        raise BadKey(f"key file {path} cannot be read: {type(fault).__name__}") from None
    if not isinstance(jwk, dict) or set(jwk) not in (_PUBLIC | {"d"}, _PUBLIC | {"sealed"}):
        raise BadKey(f"key file {path} is not an SM2 key")
    return jwk


def _public(jwk: Mapping[str, object], place: str) -> tuple[dict[str, object], PublicKey]:
    public = {name: value for name, value in jwk.items() if name in _PUBLIC}
    try:
        return public, web_keys.from_jwk(public)
    except BadKey as fault:
        raise BadKey(f"key file {place} is not an SM2 key: {fault}") from None


def _with_secret(
    public: Mapping[str, str], key: PrivateKey, passphrase: Passphrase | None
) -> dict[str, object]:
    if passphrase is None:
        return {**public, "d": web_keys.encode_number(key.scalar())}
    secret = key.scalar().to_bytes(32)
    return {**public, "sealed": sealing.seal(secret, passphrase, beside=_beside(public))}


def _secret(
    jwk: Mapping[str, object],
    public: Mapping[str, object],
    passphrase: Passphrase | None,
    place: str,
) -> int:
    if "d" in jwk:
        return web_keys.decode_number(jwk["d"])
    sealed = jwk["sealed"]
    if passphrase is None or not isinstance(sealed, dict):
        raise BadKey(f"key file {place} is sealed and no passphrase was given")
    try:
        return int.from_bytes(sealing.open_(sealed, passphrase, beside=_beside(public)))
    except DecryptionFailed as fault:
        raise DecryptionFailed(f"key file {place}: {fault}") from None


def _beside(public: Mapping[str, object]) -> bytes:
    return json.dumps(public, sort_keys=True, separators=(",", ":")).encode("ascii")
