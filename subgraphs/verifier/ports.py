"""What this subgraph asks of the institution's own systems."""

from typing import Protocol

from subgraphs.kit.ids import InstitutionId


class CustomerRegister(Protocol):
    """A verifier's own real-name customer register (账户实名制)."""

    async def identity_document(self, verifier: InstitutionId, customer_no: str, /) -> str | None:
        """The identity document on file for a customer number; None for an unknown one."""
        ...
