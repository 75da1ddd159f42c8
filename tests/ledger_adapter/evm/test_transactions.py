"""Signed bytes: the published example, what a real EVM makes of ours, and what may not be read."""

from pathlib import Path

import pytest

from ledger_adapter.chains.evm.account import create_account, load_writer
from ledger_adapter.chains.evm.transactions import Call, Fees, Writer, hash_of, signed
from ledger_adapter.crypto.sealing import Passphrase
from ledger_adapter.errors import BadKey, BadProof
from ledger_adapter.evidence.keccak import keccak256
from ledger_adapter.evidence.secp256k1 import N, signer
from tests.ledger_adapter.evm.anvil import WRITER, anvil

PASSPHRASE = Passphrase("a passphrase of some length")


def test_the_example_of_eip_155_comes_out_to_the_byte() -> None:
    """Value is not ours to send, so the example's fields are signed by its digest."""
    writer = Writer.from_scalar(int("46" * 32, 16))
    digest = bytes.fromhex("daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53")
    parity, r, s = writer.sign(digest)
    assert parity == 0
    assert r == 0x28EF61340BD939BC2195FE537567866003E1A15D3C71FF63E1590620AA636276
    assert s == 0x67CBE9D8997F761AECB703304B3800CCF555C9F3DC64214B297FB1966A3B6D83
    assert writer.name == "0x9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f"


def test_every_signature_is_low_names_its_signer_and_is_the_same_each_time() -> None:
    writer = Writer.from_scalar(0xC0FFEE)
    for number in range(40):
        digest = keccak256(bytes([number]))
        parity, r, s = writer.sign(digest)
        assert s <= N // 2
        assert signer(digest, r=r, s=s, odd=bool(parity)) == writer.address
        assert writer.sign(digest) == (parity, r, s)
        assert signer(digest, r=r, s=s, odd=not parity) != writer.address
        with pytest.raises(BadProof):
            signer(digest, r=r, s=N - s, odd=not parity)


@pytest.mark.parametrize(
    ("r", "s"),
    [
        pytest.param(0, 1, id="r is zero"),
        pytest.param(1, 0, id="s is zero"),
        pytest.param(N, 1, id="r is the order"),
        pytest.param(5, 1, id="r is no point"),
    ],
)
def test_what_is_no_signature_is_refused(r: int, s: int) -> None:
    with pytest.raises(BadProof):
        signer(bytes(32), r=r, s=s, odd=True)


@pytest.mark.parametrize("fees", [Fees(10**11, 10**9), Fees(10**11)], ids=["eip-1559", "legacy"])
async def test_a_real_chain_takes_our_bytes_and_knows_their_hash_and_sender(fees: Fees) -> None:
    async with anvil() as node:
        to = bytes.fromhex("35" * 20)
        raw = signed(WRITER, Call(to=to, data=b"", gas=21_000), chain=31337, nonce=0, fees=fees)
        answer = await node.rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
        assert answer == "0x" + hash_of(raw).hex()
        seen = await node.rpc.call("eth_getTransactionByHash", answer)
        assert isinstance(seen, dict)
        assert seen["from"] == WRITER.name
        assert int(seen["type"], 16) == (0 if fees.tip is None else 2)


def test_each_attempt_pays_a_quarter_more_and_free_stays_free() -> None:
    assert Fees(100, 8).raised(0) == Fees(100, 8)
    assert Fees(100, 8).raised(1) == Fees(125, 10)
    assert Fees(100).raised(2) == Fees(157)
    assert Fees(0).raised(5) == Fees(0)


def test_an_account_file_is_sealed_and_never_written_over(tmp_path: Path) -> None:
    made = create_account(tmp_path / "a.pem", PASSPHRASE)
    assert load_writer(tmp_path / "a.pem", PASSPHRASE).address == made.address
    assert (tmp_path / "a.pem").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        create_account(tmp_path / "a.pem", PASSPHRASE)
    with pytest.raises(BadKey):
        load_writer(tmp_path / "a.pem", Passphrase("another passphrase"))
    with pytest.raises(BadKey, match="no passphrase"):
        load_writer(tmp_path / "a.pem")


def test_a_plain_key_is_for_demo_deployments(tmp_path: Path) -> None:
    made = create_account(tmp_path / "a.pem", None)
    (tmp_path / "a.hex").write_text("0x" + f"{7:064x}\n")
    assert load_writer(tmp_path / "a.pem", plain=True).address == made.address
    assert load_writer(tmp_path / "a.hex", plain=True).address == Writer.from_scalar(7).address
    for name in ("a.pem", "a.hex"):
        with pytest.raises(BadKey, match="not sealed"):
            load_writer(tmp_path / name)
    for text in ("", "00" * 32, "zz" * 32, "-----BEGIN"):
        (tmp_path / "b").write_text(text)
        with pytest.raises(BadKey):
            load_writer(tmp_path / "b", plain=True)
