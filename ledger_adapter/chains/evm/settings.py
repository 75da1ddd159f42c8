"""One chain of `ledger.chains` in the settings file, and the chain made of it.

- name: consortium
  kind: evm
  nodes: [http://10.0.0.1:8545, http://10.0.0.2:8545]    # the first leads, the rest are backups
  deployment: consortium.json      # what `python -m ledger_adapter.chains.evm deploy` wrote
  key: keys/consortium.pem
  backup_key: keys/consortium-2.pem
  finality: immediate              # or tag:finalized, or depth:12
  fees: {legacy: true, cap: 0}     # wei per gas; without cap, twice the base fee and the tip
"""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Self, cast

import httpx

from ledger_adapter.chains.evm.account import load_writer
from ledger_adapter.chains.evm.chain import EvmChain, EvmOptions, FeeRule, Finality
from ledger_adapter.chains.evm.deploy import Deployed
from ledger_adapter.chains.evm.pool import NodePool, PoolOptions
from ledger_adapter.chains.evm.rpc import Rpc
from ledger_adapter.crypto.sealing import Passphrase
from ledger_adapter.errors import BadSettings
from ledger_adapter.evidence.evm import TrustedEvm, read_chain, trust_entry

DEADLINE: Final = 3.0
MAX_NODES: Final = 16
_KEYS: Final = {
    "name", "kind", "nodes", "deployment", "key", "backup_key", "finality", "fees", "proof",
    "max_head_age",
}  # fmt: skip
_NEEDED: Final = {"name", "kind", "nodes", "deployment", "key"}
_FINALITY: Final = re.compile(r"immediate|tag:(safe|finalized)|depth:[0-9]{1,4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvmSettings:
    """A chain as the settings file has it; nothing is opened yet."""

    name: str
    nodes: tuple[str, ...]
    deployment: Path
    key: Path
    backup_key: Path | None
    finality: Finality
    fees: FeeRule
    proof: Literal["receipt", "storage"]
    max_head_age: float

    @classmethod
    def from_mapping(cls, values: Mapping[str, object]) -> Self:
        """Every key checked; BadSettings names it."""
        name = str(values.get("name", ""))
        if not set(values) <= _KEYS or not set(values) >= _NEEDED or not name:
            raise BadSettings(f"ledger.chains: an evm chain has {', '.join(sorted(_KEYS))}")
        proof = values.get("proof", "receipt")
        if proof not in ("receipt", "storage"):
            raise BadSettings(f"ledger.chains.{name}.proof: receipt or storage")
        backup = values.get("backup_key")
        return cls(
            name=name,
            nodes=_nodes(values["nodes"], name),
            deployment=Path(_text(values["deployment"], name)),
            key=Path(_text(values["key"], name)),
            backup_key=Path(_text(backup, name)) if backup else None,
            finality=_finality(values.get("finality", "immediate"), name),
            fees=_fees(values.get("fees", {}), name),
            proof=proof,
            max_head_age=_number(values.get("max_head_age", 120), name),
        )

    def open(
        self,
        http: httpx.AsyncClient,
        *,
        log_id: bytes,
        passphrase: Passphrase | None = None,
        plain: bool = False,
    ) -> EvmChain:
        """The chain; keys and the deployment file are read now, no node is asked yet.

        `plain` allows key files without a passphrase: for demo deployments.
        """
        deployed = load_deployment(self.deployment)
        rpcs = [Rpc(url, http, deadline=DEADLINE) for url in self.nodes]
        options = PoolOptions(max_head_age=self.max_head_age)
        return EvmChain(
            NodePool(self.name, deployed.trusted, rpcs, options, clock=time.monotonic),
            deployed.trusted,
            EvmOptions(
                name=self.name,
                log_id=log_id,
                finality=self.finality,
                fees=self.fees,
                proof=self.proof,
                start_block=deployed.start_block,
            ),
            writer=load_writer(self.key, passphrase, plain=plain),
            backup=load_writer(self.backup_key, passphrase, plain=plain)
            if self.backup_key
            else None,
        )

    def trusted(self) -> TrustedEvm:
        """What a reader's trust file says of this chain: see `evidence.evm.trust_entry`."""
        return load_deployment(self.deployment).trusted


def load_deployment(path: Path) -> Deployed:
    """BadSettings when the file is not one that `deploy` wrote."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise BadSettings(f"deployment {path} can't be read: {type(fault).__name__}") from None
    start = document.pop("startBlock", None) if isinstance(document, dict) else None
    if type(start) is not int:
        raise BadSettings(f"deployment {path} has no startBlock")
    return Deployed(trusted=cast("TrustedEvm", read_chain(document)), start_block=start)


def save_deployment(path: Path, deployed: Deployed) -> None:
    """A trust file's entry for the chain, with the block from which the registry exists."""
    document = {**trust_entry(deployed.trusted), "startBlock": deployed.start_block}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not value:
        raise BadSettings(f"ledger.chains.{name}: deployment, key and backup_key are file names")
    return value


def _number(value: object, name: str) -> float:
    if type(value) in (int, float) and cast("float", value) > 0:
        return float(cast("float", value))
    raise BadSettings(f"ledger.chains.{name}.max_head_age: seconds above 0")


def _nodes(value: object, name: str) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else []
    fit = [url for url in listed if isinstance(url, str) and re.match(r"https?://[^/]", url)]
    if not fit or len(fit) != len(listed) or not len(set(fit)) == len(fit) <= MAX_NODES:
        raise BadSettings(f"ledger.chains.{name}.nodes: a list of different http(s) addresses")
    return tuple(fit)


def _finality(value: object, name: str) -> Finality:
    if not isinstance(value, str) or not _FINALITY.fullmatch(value):
        raise BadSettings(f"ledger.chains.{name}.finality: immediate, tag:finalized or depth:N")
    rule, _, rest = value.partition(":")
    if rule == "depth":
        return Finality("depth", depth=int(rest))
    return Finality("tag", tag=rest) if rule == "tag" else Finality("immediate")


def _fees(value: object, name: str) -> FeeRule:
    if not isinstance(value, Mapping) or not set(value) <= {"legacy", "cap", "tip"}:
        raise BadSettings(f"ledger.chains.{name}.fees: legacy, cap and tip")
    legacy, cap, tip = (value.get(key) for key in ("legacy", "cap", "tip"))
    wei = [amount for amount in (cap, tip) if amount is not None]
    if any(type(amount) is not int or amount < 0 for amount in wei) or legacy not in (
        None, True, False,
    ):  # fmt: skip
        raise BadSettings(f"ledger.chains.{name}.fees: legacy is true or false, the rest wei")
    return FeeRule(legacy=bool(legacy), cap=cap, tip=1_000_000_000 if tip is None else tip)
