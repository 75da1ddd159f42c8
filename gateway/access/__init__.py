"""What a caller may see of a guarded graph: decided before planning, so that nothing is fetched
that will not be shown. Pure."""

from gateway.access.grants import NOBODY, GrantRules, Grants
from gateway.access.guarded import Guarded, read_guarded
from gateway.access.refuse import Refusals, Refused, refuse

__all__ = [
    "NOBODY",
    "GrantRules",
    "Grants",
    "Guarded",
    "Refusals",
    "Refused",
    "read_guarded",
    "refuse",
]
