"""SM2 private keys in files: one JSON Web Key each, readable by the owner alone."""

import base64
import binascii
import json
import os
from pathlib import Path
from typing import Final

from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.errors import BadKey

_FIELDS: Final = {"kty", "crv", "d", "x", "y"}


def save_private_key(path: str | os.PathLike[str], key: PrivateKey) -> None:
    """Write mode 0600 under another name, then rename: a crash leaves no half key."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    point = key.public_key.point
    jwk = {"kty": "EC", "crv": "sm2p256v1", "d": _encode(key.scalar())}
    text = json.dumps(jwk | {"x": _encode(point.x), "y": _encode(point.y)}, indent=1) + "\n"
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(target)


def load_private_key(path: str | os.PathLike[str]) -> PrivateKey:
    """The key, after checking that its public half belongs to its private one."""
    try:
        jwk = json.loads(Path(path).read_text(encoding="ascii"))
    except (OSError, ValueError) as fault:
        raise BadKey(f"key file {os.fspath(path)} cannot be read: {type(fault).__name__}") from None
    if not isinstance(jwk, dict) or set(jwk) != _FIELDS:
        raise BadKey(f"key file {os.fspath(path)} is not an SM2 key")
    if (jwk["kty"], jwk["crv"]) != ("EC", "sm2p256v1"):
        raise BadKey(f"key file {os.fspath(path)} is not an SM2 key")
    key = PrivateKey.from_scalar(_decode(jwk["d"]))
    if key.public_key.point != (_decode(jwk["x"]), _decode(jwk["y"])):
        raise BadKey(f"key file {os.fspath(path)} holds two halves of different keys")
    return key


def _encode(value: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes(32)).rstrip(b"=").decode("ascii")


def _decode(text: object) -> int:
    if not isinstance(text, str) or len(text) != 43:
        raise BadKey("a key number is 43 characters of base64url")
    try:
        return int.from_bytes(base64.b64decode(text + "=", altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise BadKey("a key number is 43 characters of base64url") from None
