"""Proofs for both verifiers, and ways to damage them: every mutant differs in its decoded value."""

import base64
import copy
import json
import random
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import rfc8785

from gateway.graphiql.node import find_node

Json = dict[str, Any]
RUN = Path(__file__).parent / "verify_proof" / "run.mjs"
B64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def in_javascript(proofs: Sequence[bytes], trust: str) -> list[str]:
    """What the JavaScript verifier says of each proof."""
    node = find_node()
    assert node is not None
    asked = {"trust": trust, "proofs": [base64.b64encode(proof).decode() for proof in proofs]}
    done = subprocess.run(
        [str(node.executable), str(RUN)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return done.stdout.splitlines()


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _flip(text: str, chance: random.Random) -> str:
    """base64url with one bit of its bytes changed."""
    raw = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    return _b64(bytes(raw))


def _letter(text: str, chance: random.Random) -> str:
    spot = chance.randrange(len(text))
    other = chance.choice([c for c in B64URL if c != text[spot]])
    return text[:spot] + other + text[spot + 1 :]


def _number(text: str, chance: random.Random) -> str:
    return chance.choice([n for n in map(str, range(400)) if n != text])


def _path(path: list[str], chance: random.Random) -> list[str]:
    spot, changed = chance.randrange(len(path)), list(path)
    match chance.randrange(5):
        case 0:
            changed[spot] = _flip(path[spot], chance)
        case 1:
            del changed[spot]
        case 2:
            changed.insert(spot, path[spot])
        case 3:
            changed[spot], changed[spot - 1] = changed[spot - 1], changed[spot]
        case _:
            changed += [_b64(chance.randbytes(32)) for _ in range(chance.randrange(1, 90))]
    return changed


def _body(note: str, chance: random.Random) -> str:
    body, _, lines = note.partition("\n\n")
    return _letter(body, chance) + "\n\n" + lines


def _lines(note: str, chance: random.Random) -> str:
    """One signature line: a bit of its bytes, its name, or the whole line."""
    body, _, tail = note.partition("\n\n")
    lines = tail.splitlines()
    spot = chance.randrange(len(lines))
    dash, name, value = lines[spot].split(" ")
    match chance.randrange(4):
        case 0:
            lines[spot] = f"{dash} {_letter(name, chance)} {value}"
        case 1:
            del lines[spot]
        case 2:
            lines.insert(spot, lines[spot].replace(value, value[::-1]))
        case _:
            raw = bytearray(base64.b64decode(value))
            raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
            lines[spot] = f"{dash} {name} {base64.b64encode(raw).decode()}"
    return body + "\n\n" + "".join(line + "\n" for line in lines)


def _envelope(envelope: Json, chance: random.Random) -> Json:
    changed = copy.deepcopy(envelope)
    match chance.randrange(4):
        case 0:
            name = chance.choice(["eventId", "kind", "at"])
            changed[name] = _letter(changed[name], chance)
        case 1:
            name = chance.choice(["subjects", "institutions"])
            changed[name] = [*changed[name], f"hold_{chance.randrange(10**6)}"]
        case 2:
            changed["body"] = {**changed["body"], f"x{chance.randrange(10**6)}": 1}
        case _:
            changed["subjects"] = [_letter(subject, chance) for subject in changed["subjects"]]
    return changed


def _word(text: str, chance: random.Random) -> str:
    return chance.choice([_letter(text, chance), text.lower(), text + "X", text[1:]])


def _block(block: Json, chance: random.Random) -> Json:
    """One value of a block, or of the head in it."""
    changed = copy.deepcopy(block)
    match chance.randrange(4):
        case 0:
            name = chance.choice(["height", "epoch"])
            changed[name] = _number(changed[name], chance)
        case 1:
            name = chance.choice(["chain", "proposer", "time"])
            changed[name] = _letter(changed[name], chance)
        case 2:
            changed["previous"] = _flip(changed["previous"], chance)
        case _:
            changed["head"] = _head(changed["head"], chance)
    return changed


def _head(head: Json, chance: random.Random) -> Json:
    match chance.randrange(5):
        case 0:
            head["treeSize"] = _number(head["treeSize"], chance)
        case 1:
            name = chance.choice(["logId", "root"])
            head[name] = _flip(head[name], chance)
        case 2:
            head["time"] = _letter(head["time"], chance)
        case 3:
            head["commitments"] = _b64(chance.randbytes(32))
        case _:
            line = chance.choice(head["signatures"])
            line["value"] = _flip(line["value"], chance)
    return head


def _votes(votes: list[Json], chance: random.Random) -> list[Json]:
    changed, spot = copy.deepcopy(votes), chance.randrange(len(votes))
    match chance.randrange(5):
        case 0:
            changed[spot]["value"] = _flip(changed[spot]["value"], chance)
        case 1:
            changed[spot]["voter"] = _letter(changed[spot]["voter"], chance)
        case 2:
            del changed[spot]
        case 3:
            changed.insert(spot, changed[spot])
        case _:
            changed[0], changed[1] = changed[1], changed[0]
    return changed


def _anchors(anchors: list[Json], chance: random.Random) -> list[Any]:
    (anchor,) = anchors
    return chance.choice(
        [
            [], [anchor, anchor], [anchor] * 9, [{**anchor, f"x{chance.randrange(10**6)}": 1}],
            [{**anchor, "consistency": [_b64(chance.randbytes(32))]}], [chance.randrange(10**6)],
            [{**anchor, "evidence": {**anchor["evidence"], f"y{chance.randrange(10**6)}": 0}}],
            [{name: anchor[name] for name in chance.sample(sorted(anchor), 3)}],
        ]
    )  # fmt: skip


FIELDS: dict[str, tuple[tuple[str | int, ...], Callable[[Any, random.Random], Any]]] = {
    "log id": (("log", "id"), _flip),
    "origin": (("log", "origin"), _letter),
    "shard": (("log", "shard"), _letter),
    "hash": (("log", "hash"), _word),
    "entry": (("entry",), _flip),
    "leaf hash": (("leafHash",), _flip),
    "leaf index": (("leafIndex",), _number),
    "tree size": (("treeSize",), _number),
    "path": (("path",), _path),
    "checkpoint body": (("checkpoint",), _body),
    "signature lines": (("checkpoint",), _lines),
    "salt": (("opening", "salt"), _flip),
    "envelope": (("opening", "envelope"), _envelope),
    "trust": (("trust",), _word),
    "anchor state": (("anchorState",), _word),
    "type": (("type",), _word),
    "anchors": (("anchors",), _anchors),
    "anchor kind": (("anchors", 0, "kind"), _word),
    "anchor chain": (("anchors", 0, "chain"), _letter),
    "anchor block": (("anchors", 0, "evidence", "block"), _block),
    "anchor votes": (("anchors", 0, "evidence", "votes"), _votes),
    "witnesses": (
        ("witnesses",),
        lambda ids, chance: chance.choice(
            [[], ids[:1], ids[::-1], [*ids, ids[0]], [_letter(ids[0], chance), ids[1]]]
        ),
    ),
}


def mutants(proof: bytes, field: str, count: int) -> Iterator[bytes]:
    """Canonical bundles that differ from a good one in one field's decoded value."""
    chance = random.Random(field)
    *parents, last = FIELDS[field][0]
    for _ in range(count):
        document = json.loads(proof)
        spot = document
        for step in parents:
            spot = spot[step]
        changed = FIELDS[field][1](spot[last], chance)
        assert changed != spot[last] or field in ("path", "hash", "type")
        if changed != spot[last]:
            spot[last] = changed
            yield rfc8785.dumps(document)
