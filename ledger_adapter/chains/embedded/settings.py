"""The embedded chain in `ledger.chains` of the settings file.

- name: embedded
  kind: embedded
  block_seconds: 1.0
  nodes:                           # the first leads at the start
    - {name: credgraph.example/node/one, url: "http://127.0.0.1:4021", key: a, state: b}
    - {name: credgraph.example/node/two, url: "http://127.0.0.1:4022", key: c, state: d}

Who votes, and how many votes make a block final, stands in the trust file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import httpx

from ledger_adapter.chains.embedded.client import EmbeddedChain, NodePlace
from ledger_adapter.chains.embedded.process import NodeSpec
from ledger_adapter.crypto.terms import KeyTerms
from ledger_adapter.errors import BadSettings
from ledger_adapter.evidence.block import TrustedBlocks
from ledger_adapter.evidence.trust import Trust

_NODE: Final = ("name", "url", "key", "state")


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """One node: its name among the voters, where it answers, its key and what it remembers."""

    name: str
    url: str
    key: Path
    state: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedSettings:
    """A chain as the settings file has it."""

    name: str
    block_seconds: float
    nodes: tuple[NodeSettings, ...]

    @classmethod
    def from_mapping(cls, values: Mapping[str, object]) -> Self:
        """Every key checked; BadSettings names it."""
        place = f"ledger.chains.{values.get('name', '?')}"
        if (
            not {"name", "kind", "nodes"}
            <= set(values)
            <= {"name", "kind", "nodes", "block_seconds"}
        ):
            raise BadSettings(f"{place}: an embedded chain has name, kind, nodes and block_seconds")
        nodes, seconds = values["nodes"], values.get("block_seconds", 1.0)
        if not isinstance(nodes, list) or not nodes:
            raise BadSettings(f"{place}.nodes: a list of {{{', '.join(_NODE)}}}")
        if not isinstance(seconds, int | float) or not 0.05 <= seconds <= 60:
            raise BadSettings(f"{place}.block_seconds: between 0.05 and 60")
        return cls(
            name=str(values["name"]),
            block_seconds=float(seconds),
            nodes=tuple(_node(value, place) for value in nodes),
        )

    def trusted(self, trust: Trust) -> TrustedBlocks:
        """The chain of the trust file that these nodes are voters of."""
        for chain in trust.chains or ():
            if isinstance(chain, TrustedBlocks) and all(chain.voter(n.name) for n in self.nodes):
                return chain
        raise BadSettings(
            f"ledger.chains.{self.name}: the trust file names no chain of these nodes"
        )

    def open(self, http: httpx.AsyncClient, trust: Trust, *, writer: str) -> EmbeddedChain:
        """The chain for the ledger; no node is asked yet."""
        places = [NodePlace(node.name, node.url) for node in self.nodes]
        chain = self.trusted(trust)
        return EmbeddedChain(self.name, chain=chain, nodes=places, writer=writer, http=http)

    def specs(
        self, trust: Trust, *, witnesses: Mapping[str, str], key_files: KeyTerms
    ) -> Sequence[NodeSpec]:
        """The nodes as processes; `witnesses` are the addresses of the other voters."""
        chain = self.trusted(trust)
        voters = {node.name: node.url for node in self.nodes} | dict(witnesses)
        known = {name: url for name, url in voters.items() if chain.voter(name)}
        return [
            NodeSpec(
                name=node.name,
                url=node.url,
                key=key_files.load(node.key),
                state=node.state,
                chain=chain,
                logs=trust.logs,
                voters=known,
                nodes=[each.name for each in self.nodes],
                block_seconds=self.block_seconds,
            )
            for node in self.nodes
        ]


def _node(value: object, place: str) -> NodeSettings:
    if not isinstance(value, dict) or set(value) != set(_NODE):
        raise BadSettings(f"{place}.nodes: each has exactly {', '.join(_NODE)}")
    name, url, key, state = (str(value[word]) for word in _NODE)
    return NodeSettings(name, url.rstrip("/"), Path(key), Path(state))
