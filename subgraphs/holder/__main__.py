"""`python -m subgraphs.holder verify-deletion | verify-export`: checks without any server."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ledger_adapter.errors import LedgerFault
from ledger_adapter.verify import load_trust
from subgraphs.holder.check_deletion import Gone, check_deletion
from subgraphs.holder.check_export import check_export
from subgraphs.vc.errors import VcError


def main(arguments: Sequence[str]) -> int:
    """0 when it holds, 1 when it does not."""
    given = _parser().parse_args(arguments)
    try:
        told: str = given.check(given)
    except (LedgerFault, VcError, OSError) as fault:
        print(f"the {given.what} does not hold: {fault}", file=sys.stderr)
        return 1
    print(told)
    return 0


def _deletion(given: argparse.Namespace) -> str:
    return _told(
        check_deletion(
            given.receipt.read_bytes(),
            given.proof.read_bytes(),
            given.registration.read_bytes(),
            load_trust(given.trust),
        )
    )


def _export(given: argparse.Namespace) -> str:
    found = check_export(
        given.document.read_bytes(),
        given.seal.read_bytes(),
        given.registration.read_bytes(),
        load_trust(given.trust),
    )
    whole = "all there is" if found.seal.complete else "not all there is: a list was cut short"
    return (
        f"the copy is {whole}; sealed by {found.provider} at "
        f"{found.seal.sealed_at.isoformat()} ({found.trust})"
    )


def _told(found: Gone) -> str:
    erased = found.receipt.erased
    return (
        f"{erased.object_id} is gone: key destroyed {erased.key_destroyed_at.isoformat()}, "
        f"{erased.replicas_erased} replicas erased; signed by {found.custodian}, on the log since "
        f"{found.logged_at} ({found.trust})"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m subgraphs.holder")
    commands = parser.add_subparsers(required=True)
    check = commands.add_parser(
        "verify-deletion", help="check a deletion receipt without any server"
    )
    check.set_defaults(check=_deletion, what="receipt")
    check.add_argument("receipt", type=Path, help="DeletionReceipt.document")
    check.add_argument("proof", type=Path, help="its chainProof.bundle")
    check.add_argument(
        "registration", type=Path, help="the custodian's trustRegistration.chainProof.bundle"
    )
    check.add_argument("--trust", type=Path, required=True, help="whom you trust: trust.json")
    copy = commands.add_parser("verify-export", help="check a copy of one's data the same way")
    copy.set_defaults(check=_export, what="copy")
    copy.add_argument("document", type=Path, help="exportMyData.document")
    copy.add_argument("seal", type=Path, help="exportMyData.seal")
    copy.add_argument(
        "registration", type=Path, help="sealedBy's trustRegistration.chainProof.bundle"
    )
    copy.add_argument("--trust", type=Path, required=True, help="whom you trust: trust.json")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
