"""Documents known by id or hash: a manifest of trusted ones, and those that clients register.

Laws: a text that is sent is never replaced by another; in mode `required` nothing runs that is
not in the manifest, however it is named; what clients register never enters the manifest.
"""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import orjson

from gateway.errors import (
    BadRequest,
    BadSettings,
    HashMismatch,
    UnknownDocument,
    UntrustedDocument,
)
from gateway.server.parameters import Parameters

_LOG = logging.getLogger("credgraph.documents")


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRules:
    """See the settings' section `documents`."""

    mode: Literal["off", "log", "required"] = "off"
    apq: bool = False
    apq_entries: int = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Trusted documents by id; `texts` for whoever sends a trusted text itself."""

    by_id: Mapping[str, str] = field(default_factory=dict)
    texts: frozenset[str] = frozenset()


class Documents:
    """Finds the text a request names. `use` replaces the manifest at a reload."""

    def __init__(self, manifest: Manifest, rules: DocumentRules) -> None:
        self._manifest, self._rules = manifest, rules
        self._registered: OrderedDict[str, str] = OrderedDict()

    def use(self, manifest: Manifest) -> None:
        """Trust these from now on."""
        self._manifest = manifest

    def resolve(self, given: Parameters) -> Parameters:
        """The same request with its text. Raises UnknownDocument, HashMismatch,
        UntrustedDocument or BadRequest."""
        sha256 = _persisted_hash(given.extensions)
        if given.query:
            self._check(given.query, sha256)
            return given
        text = self._known(given.document_id, sha256)
        if text is None:
            raise UnknownDocument("PersistedQueryNotFound")
        return replace(given, query=text)

    def _check(self, text: str, sha256: str | None) -> None:
        if sha256 is not None and sha256 != hash_of(text):
            raise HashMismatch("the hash is not that of the document")
        if self._rules.mode != "off" and text not in self._manifest.texts:
            if self._rules.mode == "required":
                raise UntrustedDocument("only documents of the manifest may run here")
            _LOG.warning("an operation is not in the manifest: %s", hash_of(text))
        if sha256 is not None and self._rules.apq:
            self._registered[sha256] = text
            self._registered.move_to_end(sha256)
            if len(self._registered) > self._rules.apq_entries:
                self._registered.popitem(last=False)

    def _known(self, document_id: str | None, sha256: str | None) -> str | None:
        for name in (document_id, sha256):
            if name is not None and name in self._manifest.by_id:
                return self._manifest.by_id[name]
        return self._registered.get(sha256) if sha256 is not None else None


def read_manifest(path: Path | None) -> Manifest:
    """An object of id to text, or Apollo's `apollo-persisted-query-manifest`; every document is
    known by the hash of its text as well. Raises BadSettings naming the file."""
    if path is None:
        return Manifest()
    try:
        value = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        problem = error.strerror if isinstance(error, OSError) else "it is not JSON"
        raise BadSettings("gateway.documents.manifest", f"cannot read {path}: {problem}") from None
    pairs = _pairs(value)
    if pairs is None:
        raise BadSettings("gateway.documents.manifest", f"{path} is no manifest of documents")
    by_hash = {hash_of(text): text for text in pairs.values()}
    return Manifest(by_id={**by_hash, **pairs}, texts=frozenset(pairs.values()))


def hash_of(text: str) -> str:
    """How APQ names a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _pairs(value: object) -> dict[str, str] | None:
    if not isinstance(value, dict):
        return None
    operations = value.get("operations")
    if isinstance(operations, list):
        value = {each.get("id"): each.get("body") for each in operations if isinstance(each, dict)}
    pairs = {
        name: text
        for name, text in value.items()
        if isinstance(name, str) and isinstance(text, str)
    }
    return pairs if len(pairs) == len(value) else None


def _persisted_hash(extensions: Mapping[str, object]) -> str | None:
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return None
    given: Mapping[str, object] = persisted if isinstance(persisted, dict) else {}
    sha256 = given.get("sha256Hash")
    if not isinstance(sha256, str) or given.get("version", 1) != 1:
        raise BadRequest("extensions.persistedQuery must be {version: 1, sha256Hash}")
    return sha256.lower()
