"""A file that was given to a command which does not read it: what it is, and which command does."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ledger_adapter import evidence_file
from ledger_adapter.log import bundle

# files of the packages above are known by name alone: the ledger imports nothing of them
_READERS: Final[Mapping[str, tuple[str, str]]] = {
    bundle.TYPE: ("a proof", "python -m ledger_adapter verify-proof"),
    evidence_file.TYPE: ("an evidence file", "python -m ledger_adapter verify-evidence"),
    "CustodyDeletionReceipt": ("a deletion receipt", "python -m subgraphs.holder verify-deletion"),
    "WalletExportSeal": ("the seal of a copy", "python -m subgraphs.holder verify-export"),
}


def stray(path: Path, wanted: str) -> str | None:
    """One sentence on a file of another type than `wanted`; None for one of it, or of none."""
    with path.open("rb") as file:
        raw = file.read(evidence_file.MAX_FILE + 2)
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    found = document.get("type") if isinstance(document, dict) else None
    if not isinstance(found, str) or found == wanted or found not in _READERS:
        return None
    kind, command = _READERS[found]
    return f"{path} is {kind}; `{command}` reads it"
