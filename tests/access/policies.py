"""Policies as somebody who runs a gateway would write them."""

from collections.abc import Mapping


def is_chief(claims: Mapping[str, object]) -> bool:
    return claims.get("role") == "chief"
