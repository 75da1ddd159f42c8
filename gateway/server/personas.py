"""Demo tokens: in demo mode only, anybody on this machine may be any of the personas."""

import secrets
from collections.abc import Mapping
from pathlib import Path

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.auth.signing import sign
from gateway.config import Persona, Settings
from gateway.errors import BadSettings
from gateway.server.keyfile import signing_key

LIFETIME = 12 * 3600.0


class Personas:
    """The personas of the settings, overridden by what the seeding wrote beside its data."""

    def __init__(self, settings: Settings, key: Ed25519PrivateKey) -> None:
        if not settings.demo:
            raise BadSettings("gateway.demo", "demo tokens exist in demo mode only")
        if not settings.auth.issuers:
            raise BadSettings("gateway.auth.issuers", "is missing; who would accept a demo token?")
        self._trusted = settings.auth.issuers[0]
        self._personas = settings.personas
        self._overrides = settings.graphiql.personas
        self._key = key

    def all(self) -> dict[str, Persona]:
        """By name, as of now."""
        known = dict(self._personas)
        for name, change in _read(self._overrides).items():
            before = known.get(name, Persona(title=name, claims={}))
            claims = change.get("claims")
            known[name] = Persona(
                title=str(change.get("title") or before.title),
                claims={**before.claims, **(claims if isinstance(claims, dict) else {})},
            )
        return known

    def token(
        self,
        name: str,
        *,
        now: float,
        lifetime: float = LIFETIME,
        changes: Mapping[str, object] | None = None,
    ) -> str:
        """A client token for a persona; `changes` overrides its claims. Raises BadSettings."""
        persona = self.all().get(name)
        if persona is None:
            known = ", ".join(self.all()) or "none"
            raise BadSettings(f"gateway.personas.{name}", f"no such persona; there are: {known}")
        claims = {
            "iss": self._trusted.issuer,
            "aud": self._trusted.audience,
            "iat": int(now),
            "exp": int(now + lifetime),
            "jti": secrets.token_hex(8),
            **persona.claims,
            **(changes or {}),
        }
        return sign(claims, self._key)


def demo_personas(settings: Settings) -> Personas | None:
    """Only in demo mode, and only where there is a key to sign with."""
    if not settings.demo or settings.token_key is None:
        return None
    return Personas(settings, signing_key(settings.token_key))


def _read(path: Path | None) -> dict[str, dict[str, object]]:
    """Missing, half-written or odd: the settings alone count then."""
    try:
        value = orjson.loads(path.read_bytes()) if path else {}
    except (OSError, orjson.JSONDecodeError):
        return {}
    if not isinstance(value, dict):
        return {}
    return {name: change for name, change in value.items() if isinstance(change, dict)}
