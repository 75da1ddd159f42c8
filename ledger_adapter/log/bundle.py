"""The proof bundle: one canonical JSON file that a holder of an event keeps and can hand on.

Reading is strict and bounded before any cryptography: exact keys, no duplicates, canonical form,
limited size and lists. Whatever is read here is later compared with something that was signed.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from ledger_adapter.errors import BadEnvelope, BadProof
from ledger_adapter.log.checkpoint import Checkpoint, parse_decimal, parse_note
from ledger_adapter.log.commitment import SALT_SIZE, canonical
from ledger_adapter.log.hashing import HASH_SIZE, profile

TYPE: Final = "CredGraphChainProof"
VERSION: Final = 1
MAX_BUNDLE: Final = 65_536
MAX_PATH: Final = 64
MAX_ANCHORS: Final = 4

_OPTIONAL: Final = {"witnesses"}  # absent where nothing is to be said: older files stay as they are
_KEYS: Final = {
    "type", "version", "anchorState", "trust", "log", "entry", "leafHash", "leafIndex",
    "treeSize", "path", "checkpoint", "anchors", "opening",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Opening:
    """What makes an entry speak: the canonical envelope bytes and the salt."""

    envelope: bytes
    salt: bytes


@dataclass(frozen=True, slots=True)
class BundleAnchor:
    """Evidence that a chain holds a head: as read, its inside is for the kind's own checker."""

    kind: str
    chain: str
    consistency: tuple[bytes, ...]
    evidence: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle as read: well-formed, nothing verified."""

    anchor_state: str
    trust: str
    log_id: bytes
    origin: str
    shard: str
    hash: str
    entry: bytes
    leaf_hash: bytes
    leaf_index: int
    tree_size: int
    path: tuple[bytes, ...]
    checkpoint: Checkpoint
    opening: Opening | None
    cosigners: tuple[str, ...]
    anchors: tuple[BundleAnchor, ...]


def encode_bundle(
    *,
    anchor_state: str,
    trust: str,
    log_id: bytes,
    origin: str,
    shard: str,
    hash_name: str,
    entry: bytes,
    leaf_index: int,
    path: tuple[bytes, ...],
    checkpoint: Checkpoint | None,
    opening: Opening | None,
    anchors: tuple[BundleAnchor, ...] = (),
) -> bytes:
    """Canonical JSON of a proof; BadProof while there is no checkpoint to prove against."""
    if checkpoint is None:
        raise BadProof("checkpoint", "no signed checkpoint covers this entry yet")
    document: dict[str, object] = {
        "type": TYPE,
        "version": VERSION,
        "anchorState": anchor_state,
        "trust": trust,
        "log": {"id": b64url(log_id), "origin": origin, "shard": shard, "hash": hash_name},
        "entry": b64url(entry),
        "leafHash": b64url(profile(hash_name).leaf(entry)),
        "leafIndex": str(leaf_index),
        "treeSize": str(checkpoint.tree_size),
        "path": [b64url(node) for node in path],
        "checkpoint": checkpoint.note().decode(),
        "anchors": [_anchor_json(anchor) for anchor in anchors],
        "opening": None if opening is None else _opening_json(opening),
    }
    if checkpoint.cosigners:
        document["witnesses"] = list(checkpoint.cosigners)
    return canonical(document)


def _anchor_json(anchor: BundleAnchor) -> dict[str, object]:
    return {
        "kind": anchor.kind,
        "chain": anchor.chain,
        "consistency": [b64url(node) for node in anchor.consistency],
        "evidence": dict(anchor.evidence),
    }


def _opening_json(opening: Opening) -> dict[str, object]:
    return {"envelope": json.loads(opening.envelope), "salt": b64url(opening.salt)}


def decode_bundle(raw: bytes) -> Bundle:
    """Read a bundle; one newline after the JSON is let through, nothing else."""
    document = _strict_json(raw)
    log = _members(document["log"], {"id", "origin", "shard", "hash"}, "log")
    if document["type"] != TYPE or document["version"] is not VERSION:
        raise BadProof("bundle", "unknown type or version")
    checkpoint = parse_note(_text(document["checkpoint"], "checkpoint").encode())
    listed = document.get("witnesses")
    if listed == [] or list(checkpoint.cosigners) != (listed or []):
        raise BadProof("witness", "the list of witnesses is not that of the checkpoint's lines")
    return Bundle(
        anchor_state=_text(document["anchorState"], "anchorState"),
        trust=_text(document["trust"], "trust"),
        log_id=_hash(log["id"], "log"),
        origin=_text(log["origin"], "log"),
        shard=_text(log["shard"], "log"),
        hash=_text(log["hash"], "log"),
        entry=from_b64url(document["entry"], "entry"),
        leaf_hash=_hash(document["leafHash"], "leafHash"),
        leaf_index=parse_decimal(_text(document["leafIndex"], "leafIndex"), "leafIndex"),
        tree_size=parse_decimal(_text(document["treeSize"], "treeSize"), "treeSize"),
        path=_path(document["path"]),
        checkpoint=checkpoint,
        opening=_opening(document["opening"]),
        cosigners=checkpoint.cosigners,
        anchors=_anchors(document["anchors"]),
    )


def b64url(raw: bytes) -> str:
    """base64url without padding, the form of bytes in every JSON of ours."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def from_b64url(text: object, step: str) -> bytes:
    """The inverse, for the one canonical spelling."""
    value = _text(text, step)
    try:
        padded = value + "=" * (-len(value) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadProof(step, "not base64url") from None
    if b64url(raw) != value:
        raise BadProof(step, "base64url is not canonical")
    return raw


def _strict_json(raw: bytes) -> dict[str, object]:
    if len(raw) > MAX_BUNDLE:
        raise BadProof("bundle", f"longer than {MAX_BUNDLE} bytes")
    try:
        document = json.loads(raw, parse_constant=_refuse_constant)
        same = canonical(document) == raw.removesuffix(b"\n")  # duplicate keys differ here too
    except (ValueError, RecursionError, BadEnvelope):
        raise BadProof("bundle", "not JSON") from None
    if not same:
        raise BadProof("bundle", "not in canonical form")
    present = _OPTIONAL & set(document) if isinstance(document, dict) else set()
    return _members(document, _KEYS | present, "bundle")


def read_json(raw: bytes, step: str) -> dict[str, object]:
    """A JSON object in any spelling; BadProof for anything else."""
    try:
        document = json.loads(raw, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise BadProof(step, "not JSON") from None
    if not isinstance(document, dict):
        raise BadProof(step, "not an object")
    return document


def _refuse_constant(text: str) -> object:
    raise ValueError(text)


def _members(value: object, keys: set[str], step: str) -> dict[str, object]:
    if not isinstance(value, dict) or set(value) != keys:
        raise BadProof(step, "members are not the expected ones")
    return cast("dict[str, object]", value)


def _text(value: object, step: str) -> str:
    if not isinstance(value, str):
        raise BadProof(step, "not a string")
    return value


def _hash(value: object, step: str) -> bytes:
    raw = from_b64url(value, step)
    if len(raw) != HASH_SIZE:
        raise BadProof(step, f"not {HASH_SIZE} bytes")
    return raw


def _anchors(value: object) -> tuple[BundleAnchor, ...]:
    if not isinstance(value, list) or len(value) > MAX_ANCHORS:
        raise BadProof("anchor", f"not a list of at most {MAX_ANCHORS}")
    return tuple(_anchor(item) for item in value)


def _anchor(value: object) -> BundleAnchor:
    members = _members(value, {"kind", "chain", "consistency", "evidence"}, "anchor")
    if not isinstance(members["evidence"], dict):
        raise BadProof("anchor", "evidence is not an object")
    return BundleAnchor(
        kind=_text(members["kind"], "anchor"),
        chain=_text(members["chain"], "anchor"),
        consistency=_path(members["consistency"]),
        evidence=members["evidence"],
    )


def _path(value: object) -> tuple[bytes, ...]:
    if not isinstance(value, list) or len(value) > MAX_PATH:
        raise BadProof("path", f"not a list of at most {MAX_PATH} hashes")
    return tuple(_hash(node, "path") for node in value)


def _opening(value: object) -> Opening | None:
    if value is None:
        return None
    members = _members(value, {"envelope", "salt"}, "opening")
    envelope, salt = members["envelope"], from_b64url(members["salt"], "opening")
    if not isinstance(envelope, Mapping) or len(salt) != SALT_SIZE:
        raise BadProof("opening", "not an envelope and a salt of 32 bytes")
    return Opening(canonical(envelope), salt)
