"""Raw transactions: legacy with EIP-155 and EIP-1559, signed here and stored before they are sent.

The nonce of a signature comes from RFC 6979, so the same transaction has the same bytes for ever.
"""

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature

from ledger_adapter.errors import BadKey, BadProof
from ledger_adapter.evidence import rlp
from ledger_adapter.evidence.ethereum import spelled
from ledger_adapter.evidence.keccak import keccak256
from ledger_adapter.evidence.rlp import Item
from ledger_adapter.evidence.secp256k1 import N, address_of, signer

_ALGORITHM: Final = ec.ECDSA(Prehashed(hashes.SHA256()), deterministic_signing=True)


@dataclass(frozen=True, slots=True)
class Fees:
    """Wei per gas. Without `tip`, a legacy transaction at the price `cap`."""

    cap: int
    tip: int | None = None

    def raised(self, attempt: int) -> "Fees":
        """A quarter more each attempt: nodes replace a transaction for a tenth more."""
        more, less = 5**attempt, 4**attempt
        tip = None if self.tip is None else -(-self.tip * more // less)
        return Fees(-(-self.cap * more // less), tip)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a transaction does; `to` is empty when it creates a contract."""

    to: bytes
    data: bytes
    gas: int


class Writer:
    """An account that can sign. Its key never leaves this object."""

    __slots__ = ("_key", "address")

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        if not isinstance(key.curve, ec.SECP256K1):
            raise BadKey("a chain's account needs a key of the curve secp256k1")
        raw = key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        self._key, self.address = key, address_of(raw[1:])

    @classmethod
    def from_scalar(cls, scalar: int) -> "Writer":
        """BadKey for a scalar outside 1..n-1."""
        if not 0 < scalar < N:
            raise BadKey("a private key is between 1 and the order of the curve")
        return cls(ec.derive_private_key(scalar, ec.SECP256K1()))

    @classmethod
    def from_file(cls, raw: bytes, passphrase: bytes | None = None) -> "Writer":
        """A PKCS #8 PEM, or 64 hexadecimal digits as most tools of Ethereum write them."""
        if not raw.startswith(b"-----"):
            return cls.from_scalar(_scalar(raw))
        try:
            key = serialization.load_pem_private_key(raw, passphrase)
        except (ValueError, TypeError, UnsupportedAlgorithm) as fault:
            raise BadKey(f"the account's key cannot be read: {type(fault).__name__}") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise BadKey("a chain's account needs a key of the curve secp256k1")
        return cls(key)

    @property
    def name(self) -> str:
        """The address as text."""
        return "0x" + self.address.hex()

    def sign(self, digest: bytes) -> tuple[int, int, int]:
        """Parity, r and the low s."""
        r, s = decode_dss_signature(self._key.sign(digest, _ALGORITHM))
        s = min(s, N - s)
        parity = int(signer(digest, r=r, s=s, odd=True) == self.address)
        if not parity and signer(digest, r=r, s=s, odd=False) != self.address:
            raise BadProof("signature", "the account's own signature does not hold")
        return parity, r, s

    def __repr__(self) -> str:
        return f"Writer({self.name})"


def _scalar(raw: bytes) -> int:
    try:
        text = raw.decode("ascii").strip().removeprefix("0x")
        if len(text) == 64:
            return int(text, 16)
    except ValueError:
        pass
    raise BadKey("the account's key is neither a PEM nor 64 hexadecimal digits")


def signed(writer: Writer, call: Call, *, chain: int, nonce: int, fees: Fees) -> bytes:
    """The bytes to store and send."""
    if fees.tip is None:
        return _legacy(writer, call, chain, nonce, fees.cap)
    fields: list[Item] = [
        *(spelled(value) for value in (chain, nonce, fees.tip, fees.cap, call.gas)),
        call.to,
        b"",
        call.data,
        [],
    ]
    parts = writer.sign(keccak256(b"\x02" + rlp.encode(fields)))
    return b"\x02" + rlp.encode([*fields, *(spelled(part) for part in parts)])


def _legacy(writer: Writer, call: Call, chain: int, nonce: int, price: int) -> bytes:
    fields: list[Item] = [
        *(spelled(value) for value in (nonce, price, call.gas)),
        call.to,
        b"",
        call.data,
    ]
    parity, r, s = writer.sign(keccak256(rlp.encode([*fields, spelled(chain), b"", b""])))
    ends = (2 * chain + 35 + parity, r, s)
    return rlp.encode([*fields, *(spelled(end) for end in ends)])


def hash_of(raw: bytes) -> bytes:
    """The hash by which every node knows these bytes."""
    return keccak256(raw)
