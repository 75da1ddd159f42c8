"""Vectors with an anchor: `python -m tests.js.make_vectors` writes verify_proof/anchored.json."""

import asyncio
import base64
import json
import tempfile
from pathlib import Path

from ledger_adapter.anchors.machine import Anchorer, AnchorOptions
from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.evidence.block import trust_entry
from ledger_adapter.evidence.trust import write_trust
from ledger_adapter.log.cosignature import cosign
from ledger_adapter.port import EntryIndex
from tests.ledger_adapter.chains.embedded_room import KEYS, embedded_stage
from tests.ledger_adapter.kit import KEY, ORIGIN, Room, memory_room

OUT = Path(__file__).parent / "verify_proof" / "anchored.json"
WITNESSES = {
    f"w.{n}": PrivateKey.from_scalar(9_000_000 + at) for at, n in enumerate(("one", "two"))
}


async def cosigned(room: Room) -> None:
    """Two witnesses' lines below the newest head."""
    head = await room.store.signed_checkpoint()
    assert head is not None
    lines = [
        cosign(head.body, name=name, key=key, time=1_795_341_600) for name, key in WITNESSES.items()
    ]
    await room.store.sign_checkpoint(head.tree_size, (*head.signatures, *lines))


async def anchored(room: Room, machine: Anchorer, chain: object) -> None:
    while not any(row.state == "FINAL" for row in (await room.anchors.newest_anchors(1))):
        await machine.step(chain)  # type: ignore[arg-type]
        await asyncio.sleep(0.02)


async def made(folder: Path) -> dict[str, object]:
    trust = folder / "trust.json"
    write_trust(
        trust,
        origin=ORIGIN,
        keys=[KEY.public_key],
        witnesses={name: key.public_key for name, key in WITNESSES.items()},
        witnesses_needed=1,
        chains=[trust_entry({name: key.public_key for name, key in KEYS.items()}, 3)],
    )
    room = memory_room()
    async with embedded_stage(folder) as (_, chain):
        await room.write(300, batch=97)
        await cosigned(room)
        options = AnchorOptions(poll_seconds=0.02)
        machine = Anchorer(room.anchors, room.store, [chain], log_id=room.log.id, options=options)
        await anchored(room, machine, chain)
        proofs = {
            f"{'opened' if opening else 'closed'}, entry {index} of 300, one anchor": (
                await room.reader.prove(EntryIndex(index))
            ).bundle(opening=opening)
            for index, opening in ((257, True), (0, False), (299, True))
        }
    return {
        "trust": json.loads(trust.read_text(encoding="utf-8")),
        "proofs": [
            {"name": name, "proof": base64.b64encode(raw).decode(), "verdict": "ok WITNESSED"}
            for name, raw in proofs.items()
        ],
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        document = asyncio.run(made(Path(folder)))
    OUT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
