"""@skip and @include, decided once per request from the coerced variables."""

from collections.abc import Mapping

from gateway.plan.shape import When


def holds(when: When, variables: Mapping[str, object]) -> bool:
    """Whether any conjunction of `when` is true of these variables."""
    return any(
        all(bool(variables.get(guard.variable)) is guard.value for guard in guards)
        for guards in when
    )
