"""Files of chain accounts: an encrypted PKCS #8 PEM, or a plain key where the caller allows it."""

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ledger_adapter.chains.evm.transactions import Writer
from ledger_adapter.crypto.sealing import Passphrase
from ledger_adapter.errors import BadKey
from ledger_adapter.evidence.secp256k1 import N

_SEALED = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"


def load_writer(path: Path, passphrase: Passphrase | None = None, *, plain: bool = False) -> Writer:
    """BadKey names the file, never what it holds."""
    try:
        raw = path.read_bytes()
    except OSError as fault:
        raise BadKey(f"key file {path} cannot be read: {fault.strerror}") from None
    sealed = raw.startswith(_SEALED)
    if not sealed and not plain:
        raise BadKey(f"key file {path} is not sealed; outside demo mode it has to be")
    if sealed and passphrase is None:
        raise BadKey(f"key file {path} is sealed and no passphrase was given")
    try:
        return Writer.from_file(raw, passphrase.text.encode() if sealed and passphrase else None)
    except BadKey as fault:
        raise BadKey(f"key file {path}: {fault}") from None


def create_account(path: Path, passphrase: Passphrase | None) -> Writer:
    """A new account in a new file of mode 0600; an existing file is never written over."""
    key = ec.derive_private_key(1 + secrets.randbelow(N - 1), ec.SECP256K1())
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        encryption = serialization.BestAvailableEncryption(passphrase.text.encode())
    raw = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(raw)
    return Writer(key)
