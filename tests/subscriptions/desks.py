"""A policy whose answer changes while streams run: a desk that is suspended may see nothing."""

from collections.abc import Mapping

SUSPENDED: set[str] = set()


def active(claims: Mapping[str, object]) -> bool:
    """Loaded by the gateway from its settings."""
    return str(claims["sub"]) not in SUSPENDED
