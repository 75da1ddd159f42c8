"""A holder who leaves her credentials in custody and sends links; the wallet's part is played."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from secrets import token_bytes, token_hex
from typing import Any

from ledger_adapter.crypto.sm2 import PublicKey
from subgraphs.holder.choose import show
from subgraphs.holder.holder import Grant, SealedCopy
from subgraphs.kit.ids import new_id
from subgraphs.simulators import custody
from subgraphs.simulators.custody import SimulatedCustodian
from subgraphs.vc.custody_link import Lent, build_transfer, word_digest
from subgraphs.vc.multikey import decode_key
from subgraphs.vc.presentation import Shown
from subgraphs.vc.strict_json import JsonObject
from subgraphs.verifier.app import CUSTODY_DATABASE
from subgraphs.wallet.ports import Loan
from tests.subgraphs.kit.world import Person
from tests.subgraphs.verifier.counter import TOTAL, Counter, Paper, present

KEY = "query($id: ID!) { node(id: $id) { ... on PresentationRequest { transferKey } } }"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A copy in custody, and what its holder knows of it."""

    id: str
    paper: Paper
    sealed: SealedCopy


@dataclass(slots=True, kw_only=True)
class Lender:
    """A holder's software with copies in custody."""

    counter: Counter
    person: Person
    custodian: SimulatedCustodian
    kept: list[Kept] = field(default_factory=list)

    async def deposit(self, paper: Paper) -> Kept:
        sealed = self.person.software.seal_credential(paper.held)
        copy = Kept(id=new_id("cust"), paper=paper, sealed=sealed)
        assert (await self.custodian.keep(copy.id, sealed.ciphertext)).replicas == 3
        self.kept.append(copy)
        return copy

    async def lent(self, copy: Kept, shown: Shown, *, audience: str, **changed: Any) -> Lent:
        """A link at the custodian, and what opens it."""
        word = token_bytes(32)
        loan = Loan(
            link=f"link-{token_hex(16)}",
            object_id=copy.id,
            audience=audience,
            word_digest=word_digest(word),
            until=datetime.now(UTC) + timedelta(minutes=10),
        )
        loan = replace(loan, **changed)
        await self.custodian.lend(loan)
        return self.person.software.lend(
            copy.paper.held, shown, kept=copy.sealed, link=loan.link, word=word
        )

    async def transfer(
        self, request: Mapping[str, Any], grant: Grant, **changed: Any
    ) -> tuple[JsonObject, list[Lent]]:
        """What is submitted for these copies; `changed` of their loans."""
        shown = [show(one.paper.held, claims=(TOTAL,)) for one in self.kept]
        told = {"audience": str(request["audience"]), **changed}
        lent = [
            await self.lent(copy, what, **told) for copy, what in zip(self.kept, shown, strict=True)
        ]
        return await self.sealed(request, grant, shown, lent), lent

    async def sealed(
        self,
        request: Mapping[str, Any],
        grant: Grant,
        shown: Sequence[Shown],
        lent: Sequence[Lent],
        **about: str,
    ) -> JsonObject:
        """Signed as ever, then emptied and sealed for this request; `about` says otherwise."""
        found = await self.counter.ask(KEY, {"id": request["id"]}, who=self.person.who)
        to = decode_key(found.only("node")["transferKey"])
        assert isinstance(to, PublicKey)
        whole = present(self.person, request, [], grant, shown=shown)
        named = {"nonce": str(request["nonce"]), "audience": str(request["audience"]), **about}
        return build_transfer(whole, lent, to=to, **named)


def lender_of(counter: Counter, person: Person) -> Lender:
    settings = counter.world.settings
    database = counter.world.base.mongo.database(f"{settings.database_prefix}{CUSTODY_DATABASE}")
    return Lender(counter=counter, person=person, custodian=custody.opened(settings, database))
