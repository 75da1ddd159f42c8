"""How much a fuzz test tries: little in `make test`, thousands in `make crypto-fuzz`."""

import os
from typing import Final

from hypothesis import HealthCheck, settings

WANTED: Final = int(os.environ.get("CREDGRAPH_FUZZ", "0"))


def examples(few: int, *, share: float = 1.0) -> settings:
    """`few` examples, or `share` of as many as CREDGRAPH_FUZZ asks for."""
    return settings(
        max_examples=max(few, int(WANTED * share)),
        deadline=10_000,  # a hang is a failure
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
