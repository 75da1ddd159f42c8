"""What the credentials of a dossier disclose to a verifier's guard: by balances, not by labels."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Final

from subgraphs.demo.population.generate import TODAY
from subgraphs.demo.population.paths import Balance, closes_lived, path
from subgraphs.demo.population.records import Account, Asked, Dossier, Transfer
from subgraphs.rules.overlap import LiveCount, ShownProof
from subgraphs.vc.guard import (
    LARGE,
    WINDOW_CLOSES,
    Direction,
    Seasoning,
    TaggedFlow,
    TaggedLine,
)
from subgraphs.vc.money import Fen
from subgraphs.vc.tags import TagKey, account_tag, flow_tag, position_tag, tag_key

_PROVIDER_SECRET: Final = b"synthetic identity provider, no secret"


def shown_proofs(seed: int, dossier: Dossier, *, today: date = TODAY) -> list[ShownProof]:
    """One proof for each credential the holder asked for."""
    accounts = {account.account_no: account for account in dossier.accounts}
    closes = closes_lived(today)
    return [
        _proof(seed, dossier, accounts[asked.account_no], asked, closes) for asked in dossier.asked
    ]


def live_count(dossier: Dossier) -> LiveCount:
    """The holder's counter of live proofs."""
    return LiveCount(closes=dossier.live_closes)


def _proof(
    seed: int, dossier: Dossier, account: Account, asked: Asked, closes: Sequence[date]
) -> ShownProof:
    key = tag_key(_PROVIDER_SECRET, f"{seed}|{dossier.person.holder}")
    skip = closes.index(asked.as_of)
    days = path(seed, account, dossier.transfers, closes)
    window = list(islice(days, skip, skip + WINDOW_CLOSES))
    lines = tuple(_lines(key, account, window[0]))
    return ShownProof(
        credential=f"{asked.account_no}@{asked.as_of}",
        issuer=asked.institution,
        as_of=asked.as_of,
        amount=window[0].settled,
        account=account_tag(key, institution=account.institution, account=account.account_no),
        lines=lines,
        flows=tuple(_flows(key, dossier, account, asked.as_of, closes[skip + WINDOW_CLOSES])),
        seasoning=_seasoning(window, lines) if asked.seasoned else None,
    )


def _seasoning(window: Sequence[Balance], lines: Sequence[TaggedLine]) -> Seasoning:
    return Seasoning(
        since=window[-1].day,
        least=min(balance.settled for balance in window),
        held=tuple(line.tag for line in lines),
    )


def _lines(key: TagKey, account: Account, balance: Balance) -> Iterator[TaggedLine]:
    for holding in account.holdings:
        tag = position_tag(
            key, registrar_account=holding.registrar_account, product=holding.product
        )
        share = balance.settled * holding.amount // max(1, account.total)
        yield TaggedLine(tag=tag, amount=Fen(share))


def _flows(
    key: TagKey, dossier: Dossier, account: Account, close: date, since: date
) -> Iterator[TaggedFlow]:
    for transfer in dossier.transfers:
        if transfer.amount < LARGE or not since <= transfer.ordered <= close:
            continue
        ends = {Direction.OUT: transfer.source, Direction.IN: transfer.target}
        for direction, end in ends.items():
            if end == account.account_no:
                yield _flow(key, dossier, transfer, direction, close)


def _flow(
    key: TagKey, dossier: Dossier, transfer: Transfer, direction: Direction, close: date
) -> TaggedFlow:
    inward = direction is Direction.IN
    booked = transfer.arrived if inward else transfer.left
    other = transfer.source if inward else transfer.target
    homes = {account.account_no: account.institution for account in dossier.accounts}
    return TaggedFlow(
        tag=flow_tag(key, transfer.reference),
        direction=direction,
        amount=transfer.amount,
        settled=booked if booked <= close else None,
        other_end=account_tag(key, institution=homes.get(other, "outside"), account=other),
    )
