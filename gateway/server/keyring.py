"""Whom tokens are believed from: keys from files or URLs and the revocation list, read again.

Laws: what can't be read again leaves what was read before; a key set is asked for every so often,
and once more when a token names a key nobody knows, but never more often than `PAUSE` allows, so
that made-up key names cannot make us a hammer. Plain http is for loopback only.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from jwt.algorithms import Algorithm

from gateway.access import GrantRules
from gateway.access.addresses import AddressRule
from gateway.access.grants import Policy
from gateway.auth.keys import asymmetric_algorithms, read_jwks
from gateway.auth.revoked import Revoked
from gateway.auth.tokens import TokenVerifier, TrustedIssuer, UsedIds
from gateway.config import Auth, Issuer, Settings, is_loopback
from gateway.errors import BadKey, BadSettings
from gateway.transport.endpoint import parse_endpoint
from gateway.transport.knock import knock

PAUSE: Final = 10.0
_LARGEST: Final = 256 * 1024
_PATIENCE: Final = 5.0
_LOG = logging.getLogger("credgraph.auth")


@dataclass(slots=True, kw_only=True)
class Keyring:
    """`sets` are the key sets as last read, in the order of the issuers."""

    auth: Auth
    algorithms: Mapping[str, Algorithm]
    verifier: TokenVerifier
    sets: list[TrustedIssuer]
    revoked: Revoked
    _noticed: int = 0

    async def run(self) -> None:
        """Keep both fresh, until cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time()  # keys behind a URL are fetched at once
        while True:
            unknown = self.verifier.unknown_keys > self._noticed
            self._noticed = self.verifier.unknown_keys
            if unknown or loop.time() >= due:
                await self.refresh()
                due = loop.time() + self.auth.refresh
            await asyncio.sleep(PAUSE)
            self.read_revoked()

    async def refresh(self) -> None:
        """Ask every issuer for its keys once."""
        found = [await self._fresh(index) for index in range(len(self.sets))]
        if found != self.sets:
            self.sets = found
            self.verifier.trust(found)

    def read_revoked(self) -> None:
        """Take the list as it is now; one that can't be read leaves the one before."""
        try:
            now = _revoked(self.auth.revoked)
        except BadKey as error:
            _LOG.error("the revocation list was not read again: %s", error.message)
            return
        if now != self.revoked:
            self.revoked = now
            self.verifier.revoke(now)

    async def _fresh(self, index: int) -> TrustedIssuer:
        before, issuer = self.sets[index], self.auth.issuers[index]
        try:
            document = await _fetched(issuer.jwks) if _is_url(issuer.jwks) else _read(issuer.jwks)
            return _trusted(issuer, document, self.algorithms)
        except (BadKey, BadSettings, ValueError) as error:
            _LOG.error("the keys of %s were not read again: %s", issuer.issuer, error)
            return before


def build_keyring(settings: Settings, used: UsedIds | None = None) -> Keyring:
    """Keys in files are read now; those behind URLs are none until `run` has fetched them.

    Raises BadKey or BadSettings."""
    auth = settings.auth
    further = {
        name: _algorithm(f"gateway.jwt.algorithms.{name}", target)
        for name, target in settings.jwt.algorithms.items()
    }
    known = asymmetric_algorithms(further)
    sets = [_at_start(issuer, known) for issuer in auth.issuers]
    revoked = _revoked(auth.revoked)
    verifier = TokenVerifier(
        sets,
        algorithms=further,
        leeway=auth.leeway,
        cached=auth.cached_tokens,
        single_use=auth.single_use,
        single_use_age=auth.single_use_age,
        used=used,
    )
    verifier.revoke(revoked)
    return Keyring(auth=auth, algorithms=known, verifier=verifier, sets=sets, revoked=revoked)


def grant_rules(auth: Auth) -> GrantRules:
    """Policies are loaded by import string. Raises BadSettings."""
    policies = {
        name: _policy(f"gateway.auth.policies.{name}", target)
        for name, target in auth.policies.items()
    }
    return GrantRules(scope_claims=auth.scope_claims, policies=policies)


def address_rules(auth: Auth) -> tuple[AddressRule, ...]:
    """From where callers may come."""
    return tuple(
        AddressRule.of(rule.claim, rule.networks, listed=rule.listed) for rule in auth.addresses
    )


def _at_start(issuer: Issuer, known: Mapping[str, Algorithm]) -> TrustedIssuer:
    if not _is_url(issuer.jwks):
        return _trusted(issuer, _read(issuer.jwks), known)
    parts = urlsplit(issuer.jwks)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise BadSettings("gateway.auth.issuers.jwks", "keys must not come over plain http")
    return TrustedIssuer(issuer=issuer.issuer, audience=issuer.audience, keys=())


def _is_url(source: str) -> bool:
    return source.startswith(("https://", "http://"))


def _trusted(issuer: Issuer, document: object, known: Mapping[str, Algorithm]) -> TrustedIssuer:
    keys = read_jwks(document, known, issuer.jwks)
    return TrustedIssuer(issuer=issuer.issuer, audience=issuer.audience, keys=keys)


def _revoked(path: Path | None) -> Revoked:
    return Revoked() if path is None else Revoked.read(_read(str(path)), str(path))


async def _fetched(url: str) -> object:
    """A bounded answer, from exactly there: a redirect would let somebody else choose the keys."""
    status, told = await knock(parse_endpoint(url), _PATIENCE, _LARGEST)
    if status != 200:
        raise BadKey(f"{url}: {f'status {status}' if status else told}")
    return told


def _read(path: str) -> object:
    try:
        return json.loads(Path(path).read_bytes())
    except OSError as error:
        raise BadKey(f"cannot read the key file {path}: {error.strerror}") from None
    except ValueError:
        raise BadKey(f"the key file {path} is not JSON") from None


def _policy(key: str, target: str) -> Policy:
    found = _loaded(key, target)
    if not callable(found):
        raise BadSettings(key, f"{target!r} is no function")
    policy: Policy = found
    return policy


def _algorithm(key: str, target: str) -> Algorithm:
    """Loads `package.module:Class`, which must be a jwt Algorithm."""
    kind = _loaded(key, target)
    found = kind() if isinstance(kind, type) else None
    if not isinstance(found, Algorithm):
        raise BadSettings(key, f"{target!r} is no jwt.algorithms.Algorithm")
    return found


def _loaded(key: str, target: str) -> object:
    module, _, name = target.partition(":")
    try:
        found: object = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise BadSettings(key, f"cannot load {target!r}: {error}") from None
    return found
