"""Private keys of the gateway's own, from the files that the settings name."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.auth.signing import read_signing_key
from gateway.errors import BadKey


def signing_key(path: Path) -> Ed25519PrivateKey:
    """Raises BadKey naming the file."""
    try:
        return read_signing_key(path.read_bytes(), str(path))
    except OSError as error:
        raise BadKey(f"cannot read the key file {path}: {error.strerror}") from None
