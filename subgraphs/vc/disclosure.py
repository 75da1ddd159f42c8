"""Selective disclosure: RFC 9901 (SD-JWT) digests inside the one credential body, SM3 by default.

Laws: a disclosure is `base64url([salt, name?, value])`, its digest is over those characters; a
digest stands at most once in the body and its disclosures together; every disclosure shown is
called for by a digest; salts have 128 bits or more. Digests without a shown disclosure stay mute:
they are withheld claims or decoys, and nobody can tell which.

A claim path is a JSON pointer into the full body with `*` for a place in a list
(`/credentialSubject/assetLines/*/amount`); a disclosure's own path keeps the number.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NewType

from ledger_adapter.crypto import sm3
from subgraphs.vc.encoding import from_base64url, to_base64url
from subgraphs.vc.errors import BadDisclosure, UnsupportedSuite, VcError
from subgraphs.vc.strict_json import (
    JsonObject,
    JsonValue,
    Limits,
    as_object,
    canonical,
    parse,
    pointer,
)

ClaimPath = NewType("ClaimPath", str)
Salts = Callable[[], bytes]
"""Draws 16 fresh random bytes (`lambda: secrets.token_bytes(16)`)."""

SALT_BYTES: Final = 16
MOST_DISCLOSURES: Final = 128
_DISCLOSURE_LIMITS: Final = Limits(size=16_384, depth=12)
_NUMBER: Final = re.compile(r"/[0-9]+(?=/|$)")


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


_DIGESTS: Final[Mapping[str, Callable[[bytes], bytes]]] = MappingProxyType(
    {"sm3": sm3.digest, "sha-256": _sha256}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """One claim the holder can show: where it belongs and the text that opens it."""

    path: ClaimPath
    encoded: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Concealed:
    """A body with digests in place of claims, and what opens them."""

    document: JsonObject
    disclosures: tuple[Disclosure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revealed:
    """A body with the shown claims in place, and which claims those are (numbers kept)."""

    document: JsonObject
    paths: tuple[ClaimPath, ...]


def general(path: str) -> ClaimPath:
    """A path with every list number as `*`, as consents and requests write it."""
    return ClaimPath(_NUMBER.sub("/*", path))


def conceal(
    document: JsonObject,
    paths: Collection[str],
    *,
    salts: Salts,
    algorithm: str = "sm3",
    decoys: Mapping[str, int] = MappingProxyType({}),
) -> Concealed:
    """Replace the claims at paths by salted digests, innermost first.

    `decoys` gives, for the path of an object or a list, how many digests of nothing to add there.
    """
    work = _Conceal(frozenset(paths), decoys, salts, algorithm)
    body = as_object(work.value(document, ""))
    missed = frozenset(paths) - work.met
    if missed:
        raise BadDisclosure("no claim stands there", min(missed))
    return Concealed(document={**body, "_sd_alg": algorithm}, disclosures=tuple(work.disclosures))


def reveal(document: JsonObject, encoded: Sequence[str]) -> Revealed:
    """Put shown claims back; refuses any disclosure or digest the laws do not allow."""
    if len(encoded) > MOST_DISCLOSURES:
        raise BadDisclosure(f"more than {MOST_DISCLOSURES} disclosures")
    algorithm = document.get("_sd_alg", "sha-256")
    work = _Reveal(_by_digest(encoded, digest_named(algorithm)))
    body = {name: value for name, value in document.items() if name != "_sd_alg"}
    shown = as_object(work.value(body, ""))
    if work.unused:
        raise BadDisclosure("a disclosure that no digest calls for", "/disclosures")
    return Revealed(document=shown, paths=tuple(work.paths))


def read_disclosures(document: JsonObject, encoded: Sequence[str]) -> tuple[Disclosure, ...]:
    """Name the claim each disclosure opens, parents before children."""
    algorithm = document.get("_sd_alg", "sha-256")
    work = _Reveal(_by_digest(encoded, digest_named(algorithm)))
    work.value({name: value for name, value in document.items() if name != "_sd_alg"}, "")
    if work.unused:
        raise BadDisclosure("a disclosure that no digest calls for", "/disclosures")
    return tuple(
        Disclosure(path=path, encoded=text)
        for path, text in zip(work.paths, work.texts, strict=True)
    )


def select(disclosures: Iterable[Disclosure], wanted: Collection[str]) -> tuple[Disclosure, ...]:
    """Those disclosures, and the ones they stand inside of: an amount needs its line.

    `wanted` are paths with numbers or with `*`. A wanted path that nothing opens is an error.
    """
    offered = tuple(disclosures)
    chosen = {d.path for d in offered if d.path in wanted or general(d.path) in wanted}
    missing = set(wanted) - chosen - {general(path) for path in chosen}
    if missing:
        raise BadDisclosure("no such claim can be disclosed", min(missing))
    return tuple(
        d for d in offered if any(p == d.path or p.startswith(f"{d.path}/") for p in chosen)
    )


def digest_named(algorithm: JsonValue) -> Callable[[bytes], bytes]:
    """The hash of an `_sd_alg`."""
    found = _DIGESTS.get(algorithm) if isinstance(algorithm, str) else None
    if found is None:
        raise UnsupportedSuite("a disclosure hash we do not speak", "/_sd_alg")
    return found


class _Conceal:
    def __init__(
        self, paths: frozenset[str], decoys: Mapping[str, int], salts: Salts, algorithm: str
    ) -> None:
        self._paths = paths
        self._decoys = decoys
        self._salts = salts
        self._digest = digest_named(algorithm)
        self.met: set[str] = set()
        self.disclosures: list[Disclosure] = []

    def value(self, value: JsonValue, path: str) -> JsonValue:
        if isinstance(value, dict):
            return self._members(value, path)
        if isinstance(value, list):
            return self._items(value, path)
        return value

    def _members(self, members: JsonObject, path: str) -> JsonObject:
        if "_sd" in members or "..." in members:
            raise BadDisclosure("`_sd` and `...` are kept for digests", path)
        clear: JsonObject = {}
        digests = self._mute(path)
        for name, value in members.items():
            below = pointer(path, name)
            inner = self.value(value, below)
            if self._hides(below):
                digests.append(self._seal(below, [name, inner]))
            else:
                clear[name] = inner
        if digests:
            clear["_sd"] = list[JsonValue](sorted(digests))
        return clear

    def _items(self, items: list[JsonValue], path: str) -> list[JsonValue]:
        listed: list[JsonValue] = []
        for index, value in enumerate(items):
            below = pointer(path, index)
            inner = self.value(value, below)
            listed.append({"...": self._seal(below, [inner])} if self._hides(below) else inner)
        return listed + [{"...": digest} for digest in self._mute(path)]

    def _hides(self, path: str) -> bool:
        hit = {path, general(path)} & self._paths
        self.met |= hit
        return bool(hit)

    def _seal(self, path: str, content: list[JsonValue]) -> str:
        encoded = to_base64url(canonical_list([to_base64url(self._salts()), *content]))
        self.disclosures.insert(0, Disclosure(path=ClaimPath(path), encoded=encoded))
        return to_base64url(self._digest(encoded.encode("ascii")))

    def _mute(self, path: str) -> list[str]:
        return [
            to_base64url(self._digest(self._salts() + self._salts()))
            for _ in range(self._decoys.get(path, 0))
        ]


def canonical_list(content: list[JsonValue]) -> bytes:
    """JCS of a disclosure's array, so that its text is the same on every machine."""
    return canonical(content)


@dataclass(frozen=True, slots=True)
class _Opened:
    encoded: str
    name: str | None
    value: JsonValue


def _by_digest(encoded: Sequence[str], digest: Callable[[bytes], bytes]) -> dict[str, _Opened]:
    found: dict[str, _Opened] = {}
    for index, text in enumerate(encoded):
        place = f"/disclosures/{index}"
        opened = _open(text, place)
        key = to_base64url(digest(text.encode("ascii")))
        if key in found:
            raise BadDisclosure("one disclosure twice", place)
        found[key] = opened
    return found


def _open(text: str, place: str) -> _Opened:
    try:
        content = parse(from_base64url(text, place), _DISCLOSURE_LIMITS)
    except VcError as error:
        raise BadDisclosure("not a disclosure", place) from error
    match content:
        case [str(salt), str(name), value] if name not in {"_sd", "...", "_sd_alg"}:
            opened = _Opened(text, name, value)
        case [str(salt), value]:
            opened = _Opened(text, None, value)
        case _:
            raise BadDisclosure("not a disclosure", place)
    if len(_salt(salt, place)) < SALT_BYTES:
        raise BadDisclosure("a salt under 128 bits", place)
    return opened


def _salt(text: str, place: str) -> bytes:
    try:
        return from_base64url(text, place)
    except VcError as error:
        raise BadDisclosure("a salt that is not base64url", place) from error


class _Reveal:
    def __init__(self, by_digest: dict[str, _Opened]) -> None:
        self.unused = by_digest
        self._seen: Counter[str] = Counter()
        self.paths: list[ClaimPath] = []
        self.texts: list[str] = []

    def value(self, value: JsonValue, path: str) -> JsonValue:
        if isinstance(value, dict):
            return self._members(value, path)
        if isinstance(value, list):
            return self._items(value, path)
        return value

    def _members(self, members: JsonObject, path: str) -> JsonObject:
        if "..." in members:
            raise BadDisclosure("a list digest outside a list", path)
        shown = {
            name: self.value(value, pointer(path, name))
            for name, value in members.items()
            if name != "_sd"
        }
        for digest in self._digests(members.get("_sd", []), path):
            opened = self._take(digest, path)
            if opened is None:
                continue
            if opened.name is None or opened.name in members or opened.name in shown:
                raise BadDisclosure("a claim that does not belong here", path)
            below = self._note(opened, pointer(path, opened.name))
            shown[opened.name] = self.value(opened.value, below)
        return shown

    def _items(self, items: list[JsonValue], path: str) -> list[JsonValue]:
        shown: list[JsonValue] = []
        for index, item in enumerate(items):
            below = pointer(path, index)
            if not isinstance(item, dict) or "..." not in item:
                shown.append(self.value(item, below))
                continue
            for digest in self._digests([item["..."]] if len(item) == 1 else None, below):
                opened = self._take(digest, below)
                if opened is not None and opened.name is not None:
                    raise BadDisclosure("a named claim in a list", below)
                if opened is not None:
                    self._note(opened, below)
                    shown.append(self.value(opened.value, below))
        return shown

    def _digests(self, found: JsonValue, path: str) -> list[str]:
        if not isinstance(found, list) or not all(isinstance(digest, str) for digest in found):
            raise BadDisclosure("digests are a list of texts", path)
        return [digest for digest in found if isinstance(digest, str)]

    def _take(self, digest: str, path: str) -> _Opened | None:
        self._seen[digest] += 1
        if self._seen[digest] > 1:
            raise BadDisclosure("one digest twice", path)
        return self.unused.pop(digest, None)

    def _note(self, opened: _Opened, path: str) -> str:
        self.paths.append(ClaimPath(path))
        self.texts.append(opened.encoded)
        return path
