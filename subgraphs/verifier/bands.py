"""Bands of endorsed totals, and whether what was shown still suffices under them. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from subgraphs.rules.double_count import judge
from subgraphs.rules.overlap import ShownProof
from subgraphs.vc.errors import BadAmount
from subgraphs.vc.money import Fen, parse_amount


def lowest(band: str | None) -> Fen | None:
    """The lower end of `LOW..HIGH`; None for what is no band."""
    if band is None or ".." not in band:
        return None
    try:
        return parse_amount(band.partition("..")[0])
    except BadAmount:
        return None


def still_enough(
    proofs: Iterable[ShownProof], bands: Mapping[str, int], needed: int | None
) -> bool:
    """Whether the proofs reach the amount with each reduced one at its band's lower end."""
    if needed is None:
        return True
    reduced = [
        replace(proof, amount=Fen(min(proof.amount, bands.get(proof.credential, proof.amount))))
        for proof in proofs
    ]
    return judge(reduced, needed=Fen(needed)).proven >= needed
