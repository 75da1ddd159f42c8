"""`python -m subgraphs.kit.reseal [--new-master]`: the rotation of the master keys.

`--new-master` first makes each subgraph's next master key file; then every data key that an older
master wraps is wrapped by the one in force, beside running processes and again after a crash. When
the command has ended with 0, the older master files are not needed any more.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence

from ledger_adapter.crypto.wrapping import make_master
from ledger_adapter.errors import LedgerFault
from subgraphs.kit.main import load
from subgraphs.kit.mongo import Mongo, Unreachable
from subgraphs.kit.sealing import holder_keys
from subgraphs.kit.settings import SERVICES, BadSetting, ServiceName, Settings


async def rotate(settings: Settings, *, new_master: bool) -> dict[ServiceName, int]:
    """How many keys of each subgraph were wrapped anew."""
    mongo = Mongo(settings.mongodb, driver=settings.driver)
    try:
        await mongo.wait_until_writable()
        if new_master:
            for name in SERVICES:
                make_master(settings.field_keys / name, settings.key_files.passphrase)
        return {name: await holder_keys(name, settings, mongo).rewrap() for name in SERVICES}
    finally:
        await mongo.close()


def main(arguments: Sequence[str]) -> int:
    """0 and the numbers, or 1 with one sentence on stderr."""
    if list(arguments) not in ([], ["--new-master"]):
        print("usage: python -m subgraphs.kit.reseal [--new-master]", file=sys.stderr)  # noqa: T201
        return 2
    try:
        settings = load(os.environ)  # noqa: TID251  # this is the door
        done = asyncio.run(rotate(settings, new_master=bool(arguments)))
    except (BadSetting, LedgerFault, Unreachable) as fault:
        print(f"reseal: {fault}", file=sys.stderr)  # noqa: T201  # for the person at the terminal
        return 1
    for name, number in done.items():
        print(f"{name}: {number} data keys wrapped anew")  # noqa: T201
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
