"""The other voters as a node sees them: asked over HTTP, each with a deadline, nothing believed."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Final

import httpx

from ledger_adapter.chains.embedded.state import Ballot, Proposal, parse_ballot
from ledger_adapter.errors import BadProof
from ledger_adapter.evidence.block import Vote, parse_votes

DEADLINE: Final = 1.5
HEALTH_DEADLINE: Final = 0.5


class Promise:
    """A voter's answer to an election."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.granted = answer["granted"] is True
        self.promised = parse_ballot(answer["promised"])
        self.height = int(answer["height"])
        self.proposals = [
            (parse_ballot(row["ballot"]), Proposal.parse(row["proposal"]))
            for row in answer["proposals"]
        ]


class Refused(Exception):
    """A voter that has promised a greater ballot."""

    def __init__(self, promised: Ballot) -> None:
        super().__init__(f"promised {promised.epoch}")
        self.promised = promised


class Behind(Exception):
    """A voter that lacks the blocks after `height`."""

    def __init__(self, height: int) -> None:
        super().__init__(f"at height {height}")
        self.height = height


class Peer:
    """One other voter."""

    def __init__(self, name: str, url: str, http: httpx.AsyncClient) -> None:
        self.name, self._url, self._http = name, url, http

    async def promise(self, ballot: Ballot, since: int) -> Promise | None:
        """None when it does not answer, or not as a voter does."""
        asked = {"ballot": ballot.json(), "since": since}
        try:
            return Promise((await self._post("/chain/promise", asked)).json())
        except (TimeoutError, httpx.HTTPError, BadProof, ValueError, KeyError, TypeError):
            return None

    async def vote(self, ballot: Ballot, proposal: Proposal) -> Sequence[Vote]:
        """Its vote, unchecked; nothing when it can't be had. Raises Refused or Behind."""
        asked = {"ballot": ballot.json(), "proposal": proposal.json()}
        try:
            answer = await self._post("/chain/vote", asked)
            told = answer.json() if answer.status_code in (200, 409) else {}
            if answer.status_code == 200:
                return parse_votes(told["votes"])[:1]
            promised = parse_ballot(told["promised"]) if told else ballot
        except (TimeoutError, httpx.HTTPError, BadProof, ValueError, KeyError, TypeError):
            return ()
        if promised > ballot:
            raise Refused(promised)
        if told and int(told["height"]) < proposal.block.height:
            raise Behind(int(told["height"]))
        return ()

    async def health(self) -> dict[str, Any] | None:
        """What a node says of itself."""
        try:
            async with asyncio.timeout(HEALTH_DEADLINE):
                found = (await self._http.get(f"{self._url}/health")).json()
        except (TimeoutError, httpx.HTTPError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    async def _post(self, path: str, asked: object) -> httpx.Response:
        async with asyncio.timeout(DEADLINE):
            return await self._http.post(f"{self._url}{path}", content=json.dumps(asked))
