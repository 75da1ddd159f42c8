"""An operator's side of an Ethereum-RPC chain: account · deploy · writers.

    python -m ledger_adapter.chains.evm account keys/chain.pem
    python -m ledger_adapter.chains.evm deploy --node URL --owner keys/owner.pem --out chain.json
    python -m ledger_adapter.chains.evm writers --node URL --owner keys/owner.pem \\
        --deployment chain.json --trust .data/trust.json --writer 0x... --backup 0x...

CREDGRAPH_PASSPHRASE opens and seals key files; without it they are plain, for trying things out.
"""

import argparse
import asyncio
import os
import sys
from pathlib import Path

import httpx

from ledger_adapter.chains.evm.account import create_account, load_writer
from ledger_adapter.chains.evm.deploy import deploy, name_writers
from ledger_adapter.chains.evm.rpc import NodeRefusal, Rpc
from ledger_adapter.chains.evm.settings import load_deployment, save_deployment
from ledger_adapter.chains.evm.transactions import Fees, Writer
from ledger_adapter.crypto.sealing import Passphrase
from ledger_adapter.crypto.terms import read_passphrase
from ledger_adapter.errors import BadSettings, LedgerFault
from ledger_adapter.evidence.evm import from_hex
from ledger_adapter.evidence.trust import load_trust

_NOBODY = "0x" + "00" * 20


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 when it is done, 1 with one sentence when not."""
    asked = _parser().parse_args(arguments)
    try:
        asyncio.run(asked.command(asked))
    except (LedgerFault, NodeRefusal, TimeoutError, FileExistsError) as fault:
        print(f"evm: {fault or 'the chain took too long'}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ledger_adapter.chains.evm",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    account = commands.add_parser("account", help="make an account in a new file")
    account.add_argument("file", type=Path)
    account.set_defaults(command=_account)
    create = _on_chain(commands.add_parser("deploy", help="create the registry"))
    create.add_argument("--out", type=Path, required=True, help="the deployment file to write")
    create.set_defaults(command=_deploy)
    writers = _on_chain(commands.add_parser("writers", help="say who may write a log"))
    writers.add_argument("--deployment", type=Path, required=True)
    writers.add_argument("--trust", type=Path, required=True, help="names the log")
    writers.add_argument("--writer", required=True, help="an address")
    writers.add_argument("--backup", default=_NOBODY, help="an address")
    writers.set_defaults(command=_writers)
    return parser


def _on_chain(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--node", required=True, metavar="URL")
    parser.add_argument("--owner", type=Path, required=True, help="the owner's key file")
    parser.add_argument("--price", type=int, default=0, help="wei per gas")
    return parser


def _passphrase() -> Passphrase | None:
    return read_passphrase(text=os.environ.get("CREDGRAPH_PASSPHRASE", ""))


def _owner(asked: argparse.Namespace) -> Writer:
    return load_writer(asked.owner, _passphrase(), plain=True)


async def _account(asked: argparse.Namespace) -> None:
    print(create_account(asked.file, _passphrase()).name)


async def _deploy(asked: argparse.Namespace) -> None:
    async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
        rpc = Rpc(asked.node, http, deadline=10)
        made = await deploy(rpc, _owner(asked), Fees(asked.price))
    save_deployment(asked.out, made)
    print(f"registry 0x{made.trusted.registry.hex()} on {made.trusted.chain_id}: {asked.out}")
    for epoch in made.trusted.validators:
        print(f"{len(epoch.addresses)} validators as the node names them: compare with yours")


async def _writers(asked: argparse.Namespace) -> None:
    trust = load_trust(asked.trust)
    if len(trust.logs) != 1:
        raise BadSettings(f"{asked.trust} does not name exactly one log")
    async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
        await name_writers(
            Rpc(asked.node, http, deadline=10),
            _owner(asked),
            Fees(asked.price),
            trusted=load_deployment(asked.deployment).trusted,
            log_id=trust.logs[0].id,
            writer=from_hex(asked.writer, 20, "--writer"),
            backup=from_hex(asked.backup, 20, "--backup"),
        )
    print(f"{asked.writer} and {asked.backup} write {trust.logs[0].origin}")


if __name__ == "__main__":
    sys.exit(main())
