"""A node on HTTP, for the ledger's adapter, its fellow voters, and whoever wants to look.

POST /transactions                {head, body}: 202 {hash}; 503 from a node that does not lead
GET  /transactions/<hash>         {progress, reason?, block?}; the leader's word counts
GET  /heads/<log id>/<size>       {hash, root}, or 404
GET  /blocks/<height>             {block, votes}, of final blocks
GET  /health                      who leads, how high, and the switches it knows of
POST /chain/promise, /chain/vote  as every voter
"""

import os
from collections.abc import Mapping
from typing import Final

from ledger_adapter.asgi import Answer, App, Receive, Scope, Send, answer, read_body
from ledger_adapter.chains.embedded.node import Node, Wish
from ledger_adapter.chains.embedded.voter import VoterDoor
from ledger_adapter.errors import BadProof
from ledger_adapter.evidence.block import (
    Block,
    block_json,
    parse_head,
    transaction_hash,
    votes_json,
)
from ledger_adapter.log.bundle import b64url, from_b64url, read_json
from ledger_adapter.log.checkpoint import parse_decimal

MAX_TRANSACTION: Final = 65_536


def node_app(node: Node) -> App:
    """The ASGI app of one node."""
    door = NodeDoor(node)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await answer(send, await door.reply(scope, receive))

    return app


class NodeDoor:
    """Routes and refuses; the node decides."""

    def __init__(self, node: Node) -> None:
        self._node, self._voter = node, VoterDoor(node.voter)

    async def reply(self, scope: Scope, receive: Receive) -> Answer:
        method, parts = scope["method"], scope["path"].strip("/").split("/")
        if parts[0] == "chain":
            return await self._voter.reply(scope, receive)
        try:
            if method == "POST" and parts == ["transactions"]:
                return self._take(await read_body(receive, MAX_TRANSACTION))
            if method == "GET":
                return self._told(parts)
        except BadProof as fault:
            return Answer(400, f"{fault}\n")
        return Answer(404, "no such path\n")

    def _told(self, parts: list[str]) -> Answer:
        match parts:
            case ["health"]:
                return Answer.json(self.health())
            case ["transactions", text]:
                return self._status(from_b64url(text, "request"))
            case ["heads", log, size]:
                return self._head(from_b64url(log, "request"), parse_decimal(size, "request"))
            case ["blocks", height]:
                return self._block(parse_decimal(height, "request"))
            case _:
                return Answer(404, "no such path\n")

    def health(self) -> dict[str, object]:
        """Facts for standbys, the adapter and operators."""
        node = self._node
        return {
            "status": "up",
            "node": node.voter.name,
            "chain": node.voter.chain.chain_id,
            "role": "PRIMARY" if node.leads else "STANDBY",
            "epoch": node.ballot.epoch if node.ballot and node.leads else node.epoch,
            "height": node.tip.height if node.leads else node.voter.height,
            "switches": node.switches,
            "pid": os.getpid(),
        }

    def _take(self, raw: bytes | None) -> Answer:
        if not self._node.leads:
            return Answer(503, "this node does not lead\n")
        asked = read_json(raw or b"", "request")
        if set(asked) != {"chain", "head", "body"} or not isinstance(asked["body"], str):
            raise BadProof("request", "a transaction has chain, head and body")
        if asked["chain"] != self._node.voter.chain.chain_id:
            raise BadProof("request", "of another chain")
        wish = Wish(parse_head(asked["head"]), asked["body"].encode())
        return Answer.json({"hash": b64url(self._node.ask(wish))}, status=202)

    def _status(self, transaction: bytes) -> Answer:
        node = self._node
        block = node.final(transaction)
        if block is not None:
            return Answer.json({"progress": "FINAL", **_evidence(node, block)})
        if transaction in node.waiting:
            return Answer.json({"progress": "PENDING"})
        if transaction in node.refused:
            return Answer.json({"progress": "REJECTED", "reason": node.refused[transaction]})
        return Answer.json({"progress": "UNKNOWN"})

    def _head(self, log_id: bytes, size: int) -> Answer:
        height = self._node.voter.state.where_size(log_id, size)
        found = self._node.voter.state.proposal(height or 0)
        if found is None or found.block.height > self._node.tip.height:
            return Answer(404, "no such head\n")
        head = found.block.head
        if (head.log_id, head.tree_size) != (log_id, size):
            return Answer(404, "no such head\n")
        name = transaction_hash(found.block.chain, head)
        return Answer.json({"hash": b64url(name), "root": b64url(head.root)})

    def _block(self, height: int) -> Answer:
        found = self._node.voter.state.proposal(height)
        if found is None or height > self._node.tip.height:
            return Answer(404, "no such block\n")
        return Answer.json(_evidence(self._node, found.block))


def _evidence(node: Node, block: Block) -> Mapping[str, object]:
    return {"block": block_json(block), "votes": votes_json(node.votes(block.height))}
