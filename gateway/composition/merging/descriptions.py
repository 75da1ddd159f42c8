"""One description out of several: the most frequent one, the first of equals."""

from collections import Counter
from collections.abc import Sequence

from gateway.composition.findings import Findings, HintCode, Place


def merge_descriptions(
    coordinate: str, found: Sequence[tuple[str | None, Place]], findings: Findings
) -> str | None:
    counted = Counter(text for text, _ in found if text)
    if not counted:
        return None
    if len(counted) > 1:
        findings.hint(
            HintCode.INCONSISTENT_DESCRIPTION,
            f"{coordinate} is described in {len(counted)} ways",
            [place for text, place in found if text],
        )
    return counted.most_common(1)[0][0]
