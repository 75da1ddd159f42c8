"""The ledger's command line: each command says with `--help` what it wants."""

import argparse
import asyncio
import contextlib
import gc
import importlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from ledger_adapter import evidence_file
from ledger_adapter.commands import (
    WitnessFiles,
    audit,
    audit_chains,
    back_up,
    chain_nodes,
    fetch_tile,
    lead,
    restore,
    rotate,
    verify_backup,
    witness,
)
from ledger_adapter.config import load_settings
from ledger_adapter.crypto.terms import KeyTerms
from ledger_adapter.drawing import draw_svg
from ledger_adapter.enclosed import Judge
from ledger_adapter.errors import BadProof, BadSettings, LedgerFault
from ledger_adapter.evidence.trust import Trust
from ledger_adapter.evidence_file import MAX_FILE, verify_evidence
from ledger_adapter.evidence_page import draw_page
from ledger_adapter.log import bundle
from ledger_adapter.log.bundle import decode_bundle
from ledger_adapter.log.checkpoint import format_time, parse_note
from ledger_adapter.picture import draw
from ledger_adapter.since import check_since
from ledger_adapter.stray import stray
from ledger_adapter.verify import MAX_BUNDLE, Verdict, load_trust, verify_bundle

DOCUMENTS: Final = "subgraphs.vc.enclosed:judge"


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 when all is well, 1 with one sentence when not."""
    asked = _parser().parse_args(arguments)
    try:
        return int(asked.command(asked))
    except OSError as fault:
        sentence = f"cannot open {fault.filename}: {(fault.strerror or '').lower()}"
        print(f"ledger: {sentence if fault.filename else fault}", file=sys.stderr)
        return 1
    except LedgerFault as fault:
        print(f"ledger: {fault}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ledger_adapter", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, (meaning, command) in _BY_SETTINGS.items():
        settled = commands.add_parser(name, help=meaning)
        settled.add_argument("--config", help="settings file (default: CREDGRAPH_CONFIG)")
        settled.set_defaults(command=command)
        if name in {"backup", "verify-backup", "restore"}:
            settled.add_argument("folder", type=Path)
        if name == "backup":
            settled.add_argument(
                "--database", action="append", default=[], help="only this one, or these"
            )
        if name == "rotate-key":
            settled.add_argument("--key", type=Path, required=True, help="file of the new key")
            settled.add_argument("--from-size", type=int, required=True, help="its first tree size")
    check = commands.add_parser("verify-proof", help="check a proof file offline")
    check.add_argument("file", type=Path)
    check.add_argument("--trust", type=Path, required=True, help="whom you trust: trust.json")
    check.add_argument("--since", type=Path, metavar="HEAD", help="a head you kept: must agree")
    check.add_argument("--log", metavar="URL", help="the public log, for --since")
    check.set_defaults(command=_verify)
    evidence = commands.add_parser("verify-evidence", help="check an evidence file offline")
    evidence.add_argument("file", type=Path)
    evidence.add_argument("--trust", type=Path, required=True, help="whom you trust: trust.json")
    evidence.add_argument("--html", type=Path, metavar="PAGE", help="write it as a page to read")
    evidence.add_argument(
        "--documents", default=DOCUMENTS, metavar="MODULE:NAME", help="who reads credentials"
    )
    evidence.set_defaults(command=_verify_evidence)
    show = commands.add_parser("show", help="draw the path of a proof file")
    show.add_argument("file", type=Path)
    show.add_argument("--svg", action="store_true", help="as SVG, for documents")
    show.set_defaults(command=_show)
    _witness_parser(commands.add_parser("witness", help="co-sign tree heads, vote for blocks"))
    return parser


def _witness_parser(cosigner: argparse.ArgumentParser) -> None:
    cosigner.add_argument("--name", required=True, help="as it stands in the trust file")
    for option, meaning in _WITNESS_FILES.items():
        cosigner.add_argument(f"--{option}", type=Path, required=True, help=meaning)
    cosigner.add_argument("--passphrase-file", type=Path, help="what opens the key file")
    cosigner.add_argument("--demo", action="store_true", help="a key file that is not sealed, too")
    cosigner.add_argument("--host", default="127.0.0.1")
    cosigner.add_argument("--port", type=int, required=True)
    cosigner.set_defaults(command=_witness)


_YOUNG_OBJECTS: Final = 20_000
"""So many are made before the leader looks for cycles: of a flood it keeps next to nothing."""
_WITNESS_FILES: Final = {
    "key": "the witness's SM2 key file",
    "state": "where it remembers the last head of each log",
    "trust": "trust.json: the logs it watches",
}


def _witness(asked: argparse.Namespace) -> int:
    logging.basicConfig(level=logging.INFO, format="witness: %(message)s", stream=sys.stderr)
    terms = {
        "passphrase": os.environ.get("CREDGRAPH_KEY_PASSPHRASE", ""),
        "passphrase_file": os.environ.get("CREDGRAPH_KEY_PASSPHRASE_FILE", ""),
    }
    if asked.passphrase_file is not None:
        terms = {"passphrase_file": str(asked.passphrase_file)}
    files = WitnessFiles(
        key=asked.key,
        state=asked.state,
        trust=asked.trust,
        key_files=KeyTerms.from_mapping(terms, demo=asked.demo, place="witness"),
    )
    witness(files, name=asked.name, host=asked.host, port=asked.port)
    return 0


def _run(asked: argparse.Namespace) -> int:
    logging.basicConfig(level=logging.INFO, format="ledger: %(message)s", stream=sys.stderr)
    logging.getLogger("pymongo").setLevel(logging.WARNING)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    os.environ.setdefault("MOTOR_MAX_WORKERS", "16")  # read when motor is imported, later
    settings = load_settings(os.environ, asked.config)

    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS)

    async def until_signal() -> None:
        task = asyncio.ensure_future(lead(settings))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(until_signal())
    return 0


def _chain(asked: argparse.Namespace) -> int:
    logging.basicConfig(level=logging.INFO, format="chain: %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    chain_nodes(load_settings(os.environ, asked.config))
    return 0


def _verify(asked: argparse.Namespace) -> int:
    trust = load_trust(asked.trust)
    try:
        verdict = verify_bundle(_proof_bytes(asked.file), trust)
        since = _since(asked, verdict, trust) if asked.since else None
    except BadProof as fault:
        return _refused(stray(asked.file, bundle.TYPE), f" at step {fault.step}: {fault.reason}")
    _print(verdict)
    if since is not None:
        print(since)
    return 0


def _verify_evidence(asked: argparse.Namespace) -> int:
    with asked.file.open("rb") as file:
        raw = file.read(MAX_FILE + 2)
    try:
        evidence = verify_evidence(raw, load_trust(asked.trust), _judge(asked.documents))
    except BadProof as fault:
        return _refused(stray(asked.file, evidence_file.TYPE), f": {fault.step}: {fault.reason}")
    for step in evidence.steps:
        print(f"  ok  {step.name:<10}  {step.finding}")
    for one in evidence.enclosed:
        print(f"  {'ok' if one.fault is None else 'NO'}  {'inside':<10}  {one.text}")
    whole = f"{evidence.manifest['dispute']}, manifest {evidence.manifest_hash}"
    if evidence.faults:
        names = "; ".join(one.text for one in evidence.faults)
        print(f"THE FILE IS AS IT WAS SEALED ({whole}), BUT NOT ALL INSIDE IT IS SIGNED: {names}")
    else:
        print(f"EVIDENCE HOLDS: {whole}")
    if asked.html is not None:
        asked.html.write_text(draw_page(evidence), encoding="utf-8")
        print(f"written: {asked.html}")
    return 1 if evidence.faults else 0


def _judge(name: str) -> Judge:
    """By name: the ledger imports nothing that knows credentials."""
    module, _, found = name.partition(":")
    try:
        judge: Judge = getattr(importlib.import_module(module), found)
    except (ImportError, AttributeError, ValueError):
        raise BadSettings(f"--documents {name}: no such thing to read documents with") from None
    return judge


def _since(asked: argparse.Namespace, verdict: Verdict, trust: Trust) -> str:
    """Compare with the head that the reader kept; keep the newer one. The first is just kept."""
    offered = verdict.bundle.checkpoint
    if not asked.since.exists():
        asked.since.write_bytes(offered.note())
        return f"KEPT: size {offered.tree_size}; from now on the log must extend it"
    if asked.log is None:
        raise BadSettings("--since needs --log URL, where the tiles between the two heads lie")
    kept = parse_note(asked.since.read_bytes())
    found = check_since(kept, offered, trust=trust, fetch=partial(fetch_tile, asked.log))
    asked.since.write_bytes(found.second.note())
    return f"CONSISTENT: size {found.first.tree_size} is the beginning of {found.second.tree_size}"


def _print(verdict: Verdict) -> None:
    for step in verdict.steps:
        print(f"  ok  {step.name:<10}  {step.finding}")
    proof = verdict.bundle
    print(
        f"PROVED: {verdict.kind} is entry {proof.leaf_index} of {proof.origin}, "
        f"on the log by {format_time(proof.checkpoint.time)}; trust {verdict.trust}"
    )


def _show(asked: argparse.Namespace) -> int:
    try:
        proof = decode_bundle(_proof_bytes(asked.file))
        print(draw_svg(proof) if asked.svg else draw(proof), end="" if asked.svg else "\n")
    except BadProof as fault:
        return _refused(stray(asked.file, bundle.TYPE), f" at step {fault.step}: {fault.reason}")
    return 0


def _refused(other: str | None, found: str) -> int:
    """Of another kind of file it is no use to name the check that stumbled over it."""
    print(f"REFUSED{found if other is None else f': {other}'}")
    return 1


def _replay(asked: argparse.Namespace) -> int:
    os.environ.setdefault("MOTOR_MAX_WORKERS", "16")
    found = asyncio.run(audit(load_settings(os.environ, asked.config)))
    print(
        f"the log verifies: {found.entries} entries, {found.tiles} full tiles, "
        f"{found.checkpoints} checkpoints, {found.anchors} anchors, root {found.root.hex()}"
    )
    return 0


def _backup(asked: argparse.Namespace) -> int:
    os.environ.setdefault("MOTOR_MAX_WORKERS", "16")
    settings = load_settings(os.environ, asked.config)
    done = asyncio.run(back_up(settings, asked.folder, asked.database))
    print(
        f"{done.documents} documents of {', '.join(done.databases)}; the log has {done.size} "
        f"entries; read back and alike: {done.digest}"
    )
    return 0


def _verify_backup(asked: argparse.Namespace) -> int:
    os.environ.setdefault("MOTOR_MAX_WORKERS", "16")
    found = asyncio.run(verify_backup(load_settings(os.environ, asked.config), asked.folder))
    print(f"it holds: replayed aside, {found.entries} entries, root {found.root.hex()}")
    return 0


def _restore(asked: argparse.Namespace) -> int:
    os.environ.setdefault("MOTOR_MAX_WORKERS", "16")
    found = asyncio.run(restore(load_settings(os.environ, asked.config), asked.folder))
    print(f"restored, and the log verifies: {found.entries} entries, root {found.root.hex()}")
    return 0


def _rotate(asked: argparse.Namespace) -> int:
    rotate(load_settings(os.environ, asked.config), asked.key, asked.from_size)
    print(f"from size {asked.from_size} on the new key signs; start witnesses and ledger again")
    return 0


def _scan(asked: argparse.Namespace) -> int:
    os.environ.setdefault("MOTOR_MAX_WORKERS", "16")
    for line in asyncio.run(audit_chains(load_settings(os.environ, asked.config))):
        print(line)
    return 0


_BY_SETTINGS: Final[Mapping[str, tuple[str, Callable[[argparse.Namespace], int]]]] = {
    "run": ("give positions to queued events, sign tree heads, anchor them", _run),
    "chain": ("run the nodes of the embedded chain", _chain),
    "replay": ("hash the whole log anew and compare everything", _replay),
    "backup": ("write every database into a folder, as they are at one moment", _backup),
    "verify-backup": ("restore the log of such a folder aside and replay it", _verify_backup),
    "restore": ("from such a folder into empty databases, if no witness is ahead", _restore),
    "scan-chain": ("show that only heads went on the chains", _scan),
    "rotate-key": ("let a new log key sign from a tree size on", _rotate),
}


def _proof_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BUNDLE + 2)  # one byte too many is enough to refuse it


if __name__ == "__main__":
    sys.exit(main())
