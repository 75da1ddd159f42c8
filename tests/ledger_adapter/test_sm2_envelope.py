"""The digital envelope: the standard's example, and whatever was changed stays closed."""

import pytest

from ledger_adapter.crypto import sm2_envelope
from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.errors import DecryptionFailed

# GB/T 32918.5, annex C.2: the recommended curve
SCALAR = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
CHANCE = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
MESSAGE = b"encryption standard"
BOX = bytes.fromhex(
    "0404ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73"
    "e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0"
    "59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766"
    "21886ca989ca9c7d58087307ca93092d651efa"
)


def test_the_example_of_the_standard() -> None:
    key = PrivateKey.from_scalar(SCALAR)
    assert sm2_envelope.encrypt(key.public_key, MESSAGE, scalar=CHANCE) == BOX
    assert sm2_envelope.decrypt(key, BOX) == MESSAGE


def test_only_the_named_key_opens_it_beside_the_same_text() -> None:
    key, other = PrivateKey.generate(), PrivateKey.generate()
    sealed = sm2_envelope.seal_to(key.public_key, b"what is told", b"request 1")
    assert len(sealed) == sm2_envelope.SIZE + len(b"what is told")
    assert sm2_envelope.open_sealed(key, sealed, b"request 1") == b"what is told"
    for who, beside in ((other, b"request 1"), (key, b"request 2")):
        with pytest.raises(DecryptionFailed):
            sm2_envelope.open_sealed(who, sealed, beside)


@pytest.mark.parametrize("place", [0, 1, 40, 64, 66, 96, 97, 112, 113, 124, 125, -1])
def test_one_bit_anywhere_keeps_it_closed(place: int) -> None:
    key = PrivateKey.from_scalar(SCALAR)
    sealed = bytearray(sm2_envelope.seal_to(key.public_key, b"told", b""))
    sealed[place] ^= 1
    with pytest.raises(DecryptionFailed):
        sm2_envelope.open_sealed(key, bytes(sealed), b"")


@pytest.mark.parametrize("size", [0, 1, 97, sm2_envelope.SIZE - 1])
def test_too_short_to_be_one(size: int) -> None:
    with pytest.raises(DecryptionFailed):
        sm2_envelope.open_sealed(PrivateKey.from_scalar(SCALAR), b"\x04" * size, b"")
