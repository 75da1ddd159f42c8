"""What a caller holds, as far as guards can ask for it: the decision that plans are kept by.

Two callers with equal grants get equal plans; who they are is no part of it.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from gateway.spec.guards import Guards, is_met

Claims: TypeAlias = Mapping[str, object]
Policy: TypeAlias = Callable[[Claims], object]
"""Asked with the claims of a checked token, never for an anonymous caller. Only `True` grants."""

_LOG = logging.getLogger("credgraph.access")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """Whether there is a checked token, its scopes, and the policies that said yes."""

    authenticated: bool = False
    scopes: frozenset[str] = frozenset()
    policies: frozenset[str] = frozenset()

    def meets(self, guards: Guards) -> bool:
        return (
            (self.authenticated or not guards.authenticated)
            and is_met(guards.scopes, self.scopes)
            and is_met(guards.policies, self.policies)
        )

    def only(
        self, scopes: frozenset[str], policies: frozenset[str], *, authenticated: bool
    ) -> "Grants":
        """What is left of it where nobody asks for anything else."""
        return Grants(
            authenticated=self.authenticated and authenticated,
            scopes=self.scopes & scopes,
            policies=self.policies & policies,
        )


NOBODY: Final = Grants()
"""Holds nothing: what counts where no authentication is configured, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRules:
    """How claims become grants. `scope_claims` name scopes by a text with blanks or by a list."""

    scope_claims: tuple[str, ...] = ("scope", "scp")
    policies: Mapping[str, Policy] = field(default_factory=dict)

    def grants(self, claims: Claims) -> Grants:
        """No claims: nobody. A policy that fails, or answers anything but True, denies."""
        if not claims:
            return NOBODY
        return Grants(
            authenticated=True,
            scopes=frozenset(
                scope for name in self.scope_claims for scope in _scopes(claims.get(name))
            )
            or NOBODY.scopes,  # one empty set for everybody: thousands of sockets hold theirs
            policies=frozenset(
                name for name, policy in self.policies.items() if _agrees(name, policy, claims)
            )
            or NOBODY.policies,
        )


def _scopes(value: object) -> list[str]:
    if isinstance(value, str):
        return value.split(" ") if value else []
    return [scope for scope in value if isinstance(scope, str)] if isinstance(value, list) else []


def _agrees(name: str, policy: Policy, claims: Claims) -> bool:
    try:
        return policy(claims) is True
    except Exception:  # noqa: BLE001  # whatever is wrong with somebody's policy, it denies
        _LOG.exception("the policy %r failed and denies", name)
        return False
