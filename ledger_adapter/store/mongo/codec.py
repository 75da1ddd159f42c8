"""Records of the log to MongoDB documents and back."""

from bson import Binary

from ledger_adapter.errors import LogCorrupt
from ledger_adapter.log.checkpoint import Checkpoint, NoteSignature, parse_body
from ledger_adapter.log.tiles import Tile, TileId, pack, unpack
from ledger_adapter.port import LogRef, Shard
from ledger_adapter.records import Batch, Head
from ledger_adapter.store.mongo import names
from ledger_adapter.store.mongo.seam import Document


def batch_document(shard: str, batch: Batch) -> Document:
    return {
        "_id": names.numbered(shard, batch.first),
        "shard": shard,
        "first": batch.first,
        "entries": [Binary(raw) for raw in batch.entries],
        "envelopes": [Binary(raw) for raw in batch.envelopes],
        "salts": [Binary(raw) for raw in batch.salts],
        "root": Binary(batch.root),
    }


def batch_of(row: Document) -> Batch:
    batch = Batch(
        first=row["first"],
        entries=tuple(bytes(raw) for raw in row["entries"]),
        envelopes=tuple(bytes(raw) for raw in row["envelopes"]),
        salts=tuple(bytes(raw) for raw in row["salts"]),
        root=bytes(row["root"]),
    )
    if not len(batch.entries) == len(batch.envelopes) == len(batch.salts) > 0:
        raise LogCorrupt(f"batch {row['_id']} holds lists of different lengths")
    return batch


def tile_document(shard: str, tile: Tile) -> Document:
    return {
        "_id": names.tile(shard, tile.id.level, tile.id.number),
        "hashes": Binary(pack(tile.hashes)),
    }


def tile_of(row: Document) -> tuple[TileId, tuple[bytes, ...]]:
    _, level, number = row["_id"].rsplit("/", 2)
    return TileId(int(level), int(number)), unpack(bytes(row["hashes"]))


def head_document(head: Head) -> Document:
    return {
        "_id": head.log.shard,
        "origin": head.log.origin,
        "hash": head.log.hash,
        "logId": Binary(head.log.id),
        "publicKey": Binary(head.public_key),
        "size": head.size,
        "root": Binary(head.root),
        "announced": 0,
        "term": 0,
    }


def head_of(row: Document) -> Head:
    return Head(
        log=LogRef(
            id=bytes(row["logId"]),
            origin=row["origin"],
            shard=Shard(row["_id"]),
            hash=row["hash"],
        ),
        public_key=bytes(row["publicKey"]),
        size=row["size"],
        root=bytes(row["root"]),
    )


def checkpoint_document(shard: str, checkpoint: Checkpoint) -> Document:
    return {
        "_id": names.numbered(shard, checkpoint.tree_size),
        "shard": shard,
        "size": checkpoint.tree_size,
        "body": Binary(checkpoint.body),
        "signatures": signature_rows(checkpoint.signatures),
    }


def signature_rows(signatures: tuple[NoteSignature, ...]) -> list[Document]:
    return [
        {"name": s.name, "keyId": s.key_id, "kind": s.kind, "value": Binary(s.value)}
        for s in signatures
    ]


def checkpoint_of(row: Document) -> Checkpoint:
    body = bytes(row["body"])
    return Checkpoint(
        head=parse_body(body),
        body=body,
        signatures=tuple(
            NoteSignature(
                name=s["name"], key_id=s["keyId"], kind=s["kind"], value=bytes(s["value"])
            )
            for s in row["signatures"]
        ),
    )
