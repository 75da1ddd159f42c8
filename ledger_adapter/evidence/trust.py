"""The verifier's own configuration: which keys may speak for which log; never part of a proof."""

import json
import os
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from ledger_adapter.crypto import multikey
from ledger_adapter.crypto.ed25519 import Ed25519Key
from ledger_adapter.crypto.sm2 import PublicKey
from ledger_adapter.errors import BadSettings, CryptoError
from ledger_adapter.evidence.anchors import read_chain
from ledger_adapter.evidence.kinds import TrustedChain
from ledger_adapter.log.checkpoint import MAX_SIZE, key_id, log_id
from ledger_adapter.log.cosignature import witness_key_id
from ledger_adapter.log.hashing import PROFILES

VERSION: Final = 1
MAX_FILE: Final = 1_048_576


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A log key and the tree sizes it may sign, from the first to before the last."""

    key_id: str
    key: PublicKey | Ed25519Key
    from_size: int
    to_size: int | None

    def may_sign(self, tree_size: int) -> bool:
        return self.from_size <= tree_size and (self.to_size is None or tree_size < self.to_size)


@dataclass(frozen=True, slots=True)
class TrustedLog:
    """One log; its first key names it, an SM2 key."""

    origin: str
    hash: str
    keys: tuple[TrustedKey, ...]

    @property
    def first(self) -> PublicKey:
        return self.sm2_keys[0][1]

    @property
    def sm2_keys(self) -> tuple[tuple[TrustedKey, PublicKey], ...]:
        """Without the Ed25519 keys that sign beside them."""
        return tuple((known, known.key) for known in self.keys if isinstance(known.key, PublicKey))

    @property
    def id(self) -> bytes:
        return log_id(self.origin, self.first)


@dataclass(frozen=True, slots=True)
class TrustedWitness:
    """A witness whose cosignatures count."""

    name: str
    key_id: str
    key: PublicKey


@dataclass(frozen=True, slots=True)
class Trust:
    """Everything a verifier trusts before it reads a proof.

    `chains` None is a file that speaks of no chains: anchors are then not looked at. Where it does,
    every anchor of a proof must be of a chain it names.
    """

    logs: tuple[TrustedLog, ...]
    witnesses_needed: int
    witnesses: tuple[TrustedWitness, ...] = ()
    chains: tuple[TrustedChain, ...] | None = None
    anchors_needed: int = 0

    def chain(self, chain_id: str) -> TrustedChain | None:
        return next((c for c in self.chains or () if c.chain_id == chain_id), None)

    def log(self, origin: str) -> TrustedLog | None:
        return next((log for log in self.logs if log.origin == origin), None)


def write_trust(
    path: str | os.PathLike[str],
    *,
    origin: str,
    keys: Sequence[PublicKey],
    beside: Sequence[Ed25519Key] = (),
    hash_name: str = "SM3",
    witnesses: Mapping[str, PublicKey] | None = None,
    witnesses_needed: int = 0,
    chains: Sequence[Mapping[str, object]] = (),
) -> None:
    """Write trust.json for one log whose keys sign every size; atomic, mode of the umask."""
    listed = [_key_row(origin, key, 0) for key in keys]
    listed += [_key_row(origin, key, 0) for key in beside]
    document: dict[str, object] = {
        "version": VERSION,
        "logs": [{"origin": origin, "hash": hash_name, "keys": listed}],
        "witnesses": [
            {
                "name": name,
                "keyId": witness_key_id(name, key),
                "publicKeyMultibase": multikey.encode_sm2(key),
            }
            for name, key in (witnesses or {}).items()
        ],
        "policy": {"witnesses": witnesses_needed},
    }
    if chains:
        document["chains"] = list(chains)
    _replace(Path(path), document)


def _key_row(origin: str, key: PublicKey | Ed25519Key, from_size: int) -> dict[str, object]:
    return {
        "keyId": key_id(origin, key),
        "publicKeyMultibase": multikey.encode_key(key),
        "fromSize": from_size,
        "toSize": None,
    }


def _replace(target: Path, document: object) -> None:
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    draft.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    draft.replace(target)


def rotate_key(
    path: str | os.PathLike[str], *, origin: str, key: PublicKey, from_size: int
) -> None:
    """The ceremony's entry in a trust file: the key in force ends where the new one begins.

    BadSettings unless the log is there, the key is new, and no range begins at or above the size.
    """
    file = Path(path)
    log = load_trust(file).log(origin)
    document = json.loads(file.read_bytes())
    listed = next((row["keys"] for row in document["logs"] if row["origin"] == origin), None)
    if log is None or listed is None:
        raise BadSettings(f"the trust file names no log {origin}")
    last, _ = log.sm2_keys[-1]
    if last.to_size is not None or from_size <= last.from_size or from_size > MAX_SIZE:
        raise BadSettings(f"a key can begin above size {last.from_size}, where the last one began")
    if any(known.key == key for known in log.keys):
        raise BadSettings(f"log {origin} has had this key already")
    listed[log.keys.index(last)]["toSize"] = from_size
    listed.append(_key_row(origin, key, from_size))
    _replace(file, document)


def load_trust(path: str | os.PathLike[str]) -> Trust:
    """Read a trust file; BadSettings says what is wrong with it."""
    file = Path(path)
    try:
        if file.stat().st_size > MAX_FILE:
            raise BadSettings("the trust file is too long")
        return parse_trust(file.read_bytes())
    except OSError as fault:
        raise BadSettings(f"cannot open {file}: {(fault.strerror or '').lower()}") from None


def parse_trust(raw: bytes) -> Trust:
    """Strict reading: unknown members are refused, so that a misspelt limit is not ignored."""
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        raise BadSettings("the trust file is not JSON") from None
    top = _members(document, {"version", "logs", "witnesses", "policy"}, "trust file", {"chains"})
    if top["version"] != VERSION:
        raise BadSettings("the trust file is of a version this program does not know")
    policy = _members(top["policy"], {"witnesses"}, "policy", {"anchors"})
    logs = tuple(_log(log) for log in _list(top["logs"], "logs"))
    if len({log.origin for log in logs}) != len(logs):
        raise BadSettings("the trust file names one log twice")
    witnesses = tuple(_witness(value) for value in _list(top["witnesses"], "witnesses"))
    if len({witness.name for witness in witnesses}) != len(witnesses):
        raise BadSettings("the trust file names one witness twice")
    if len({witness.key for witness in witnesses}) != len(witnesses):
        raise BadSettings("the trust file gives two witnesses one key")
    needed = _size(policy["witnesses"], "policy.witnesses")
    if needed > len(witnesses):
        raise BadSettings(f"trust: {needed} witnesses are demanded, {len(witnesses)} are named")
    chains = _chains(top["chains"]) if "chains" in top else None
    anchors = _size(policy.get("anchors", 0), "policy.anchors")
    if anchors > len(chains or ()):
        raise BadSettings(
            f"trust: {anchors} anchors are demanded, {len(chains or ())} chains named"
        )
    return Trust(logs, needed, witnesses, chains, anchors)


def _chains(value: object) -> tuple[TrustedChain, ...]:
    chains = tuple(read_chain(entry) for entry in _list(value, "chains"))
    if len({chain.chain_id for chain in chains}) != len(chains):
        raise BadSettings("the trust file names one chain twice")
    return chains


def _log(value: object) -> TrustedLog:
    members = _members(value, {"origin", "hash", "keys"}, "log")
    origin = _text(members["origin"], "origin")
    if members["hash"] not in PROFILES:
        raise BadSettings(f"log {origin}: unknown hash")
    keys = tuple(_key(origin, key) for key in _list(members["keys"], "keys"))
    if not keys or not isinstance(keys[0].key, PublicKey):
        raise BadSettings(f"log {origin} has no SM2 key as its first one")
    return TrustedLog(origin, _text(members["hash"], "hash"), keys)


def _key(origin: str, value: object) -> TrustedKey:
    members = _members(value, {"keyId", "publicKeyMultibase", "fromSize", "toSize"}, "key")
    try:
        key = multikey.decode_key(_text(members["publicKeyMultibase"], "publicKeyMultibase"))
    except CryptoError as fault:
        raise BadSettings(f"log {origin}: {fault}") from None
    if members["keyId"] != key_id(origin, key):
        raise BadSettings(f"log {origin}: key id {members['keyId']!r} is not that of its key")
    to_size = members["toSize"]
    return TrustedKey(
        key_id=key_id(origin, key),
        key=key,
        from_size=_size(members["fromSize"], "fromSize"),
        to_size=None if to_size is None else _size(to_size, "toSize"),
    )


def _witness(value: object) -> TrustedWitness:
    members = _members(value, {"name", "keyId", "publicKeyMultibase"}, "witness")
    name = _text(members["name"], "witness name")
    try:
        key = multikey.decode(_text(members["publicKeyMultibase"], "publicKeyMultibase"))
    except CryptoError as fault:
        raise BadSettings(f"witness {name}: {fault}") from None
    if members["keyId"] != witness_key_id(name, key):
        raise BadSettings(f"witness {name}: key id {members['keyId']!r} is not that of its key")
    return TrustedWitness(name=name, key_id=witness_key_id(name, key), key=key)


def _members(
    value: object, keys: set[str], what: str, optional: AbstractSet[str] = frozenset()
) -> dict[str, object]:
    if not isinstance(value, dict) or not keys <= set(value) <= keys | optional:
        raise BadSettings(f"trust: {what} must have exactly {', '.join(sorted(keys))}")
    return cast("dict[str, object]", value)


def _list(value: object, what: str) -> list[object]:
    if not isinstance(value, list) or len(value) > 1000:
        raise BadSettings(f"trust: {what} is not a short list")
    return value


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise BadSettings(f"trust: {what} is not a string")
    return value


def _size(value: object, what: str) -> int:
    if type(value) is not int or not 0 <= value <= MAX_SIZE:
        raise BadSettings(f"trust: {what} is not a size")
    return value
