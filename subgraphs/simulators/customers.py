"""A simulated customer register of a verifier: `CUST-<person>` is `TEST-<person>`, by name only.

It stands in for an institution's real-name customer records (账户实名制).
"""

from __future__ import annotations

import re
from typing import Final

from subgraphs.kit.ids import InstitutionId

_CUSTOMER: Final = re.compile(r"CUST-([a-z0-9-]{1,40})")


class SimulatedCustomers:
    """Answers which identity document stands behind a customer number."""

    async def identity_document(
        self, institution: InstitutionId, customer_no: str, /
    ) -> str | None:
        """The synthetic document, None for a number that is nobody's."""
        del institution  # every simulated institution knows the same people
        customer = _CUSTOMER.fullmatch(customer_no)
        return f"TEST-{customer[1]}" if customer else None
