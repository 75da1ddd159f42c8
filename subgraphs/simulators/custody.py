"""A simulated cloud custodian (上证云): three collections stand for three sites.

What is real: bytes are written to each place, read back and hashed, and only places that hold the
right bytes are counted. What is simulated: the places are one database.
"""

from __future__ import annotations

from typing import Final

from ledger_adapter.crypto import sm3
from subgraphs.kit.errors import Busy
from subgraphs.kit.mongo import Database, PyMongoError
from subgraphs.kit.offload import offload
from subgraphs.wallet.ports import Kept

PLACES: Final = ("replica_1", "replica_2", "replica_3")


class SimulatedCustodian:
    """The custodian over a database of its own."""

    def __init__(self, database: Database) -> None:
        self._places = [database[name] for name in PLACES]

    async def keep(self, object_id: str, ciphertext: bytes, /) -> Kept:
        """Write everywhere, then count where it can be read back."""
        digest = (await offload(sm3.digest, ciphertext)).hex()
        try:
            for place in self._places:
                row = {"_id": object_id, "ciphertext": ciphertext}
                await place.replace_one({"_id": object_id}, row, upsert=True)
            found = [await place.find_one({"_id": object_id}) for place in self._places]
        except PyMongoError as fault:
            raise Busy("the custodian cannot be reached", code="CUSTODIAN_UNAVAILABLE") from fault
        kept = sum(row is not None and bytes(row["ciphertext"]) == ciphertext for row in found)
        return Kept(ciphertext_hash=f"sm3:{digest}", replicas=kept)
