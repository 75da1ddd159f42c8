"""What a caller is told of the selections it may not make."""

from collections.abc import Iterable, Mapping

from gateway.access import Refused
from gateway.errors import UNAUTHORIZED_FIELD_OR_TYPE
from gateway.executor.conditions import holds


def refused_errors(
    refused: Iterable[Refused], variables: Mapping[str, object] | None
) -> tuple[dict[str, object], ...]:
    """One entry for each selection that the variables (None: any) leave in.

    `@` in a path stands for every element of a list, `typeCondition` names the type a selection
    is limited to. What was missing is never said: it would tell strangers what to ask for."""
    return tuple(
        _error(each) for each in refused if variables is None or holds(each.when, variables)
    )


def _error(refused: Refused) -> dict[str, object]:
    extensions: dict[str, object] = {"code": UNAUTHORIZED_FIELD_OR_TYPE}
    if refused.on is not None:
        extensions["typeCondition"] = refused.on
    return {
        "message": "Unauthorized field or type",
        "path": list(refused.path),
        "extensions": extensions,
    }
