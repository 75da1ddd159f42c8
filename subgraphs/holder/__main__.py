"""`python -m subgraphs.holder verify-deletion`: check a deletion receipt without any server."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ledger_adapter.errors import LedgerFault
from ledger_adapter.verify import load_trust
from subgraphs.holder.check_deletion import Gone, check_deletion
from subgraphs.vc.errors import VcError


def main(arguments: Sequence[str]) -> int:
    """0 when the receipt holds, 1 when it does not."""
    given = _parser().parse_args(arguments)
    try:
        found = check_deletion(
            given.receipt.read_bytes(),
            given.proof.read_bytes(),
            given.registration.read_bytes(),
            load_trust(given.trust),
        )
    except (LedgerFault, VcError, OSError) as fault:
        print(f"the receipt does not hold: {fault}", file=sys.stderr)
        return 1
    print(_told(found))
    return 0


def _told(found: Gone) -> str:
    erased = found.receipt.erased
    return (
        f"{erased.object_id} is gone: key destroyed {erased.key_destroyed_at.isoformat()}, "
        f"{erased.replicas_erased} replicas erased; signed by {found.custodian}, on the log since "
        f"{found.logged_at} ({found.trust})"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m subgraphs.holder")
    check = parser.add_subparsers(required=True).add_parser(
        "verify-deletion", help="check a deletion receipt without any server"
    )
    check.add_argument("receipt", type=Path, help="DeletionReceipt.document")
    check.add_argument("proof", type=Path, help="its chainProof.bundle")
    check.add_argument(
        "registration", type=Path, help="the custodian's trustRegistration.chainProof.bundle"
    )
    check.add_argument("--trust", type=Path, required=True, help="whom you trust: trust.json")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
