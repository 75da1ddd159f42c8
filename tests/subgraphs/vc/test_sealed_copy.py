"""A copy in parts: a part's key opens that part and no other, and lengths tell nothing."""

from secrets import token_bytes

import pytest

from ledger_adapter.errors import DecryptionFailed
from subgraphs.vc.errors import MalformedDocument
from subgraphs.vc.sealed_copy import (
    MAGIC,
    MOST_PARTS,
    open_part,
    open_parts,
    part_key,
    read_parts,
    seal_parts,
)

KEY = bytes(range(16))
PARTS = [b'{"id": "urn"}', b"ends in \x80", b"", b"x" * 700]


def test_the_key_of_all_opens_everything() -> None:
    assert open_parts(KEY, seal_parts(KEY, PARTS, token_bytes)) == PARTS


def test_the_key_of_a_part_opens_no_other() -> None:
    boxes = read_parts(seal_parts(KEY, PARTS, token_bytes))
    assert open_part(boxes, 1, part_key(KEY, 1)) == PARTS[1]
    for place, key in ((0, part_key(KEY, 1)), (4, part_key(KEY, 4)), (-1, part_key(KEY, 3))):
        with pytest.raises(DecryptionFailed):
            open_part(boxes, place, key)
    with pytest.raises(DecryptionFailed):  # the same box in another place, or among fewer
        open_part([boxes[1], boxes[0]], 0, part_key(KEY, 1))


def test_an_amount_of_another_length_is_a_copy_of_the_same_length() -> None:
    small, large = (
        seal_parts(KEY, [b"{}", amount], token_bytes) for amount in (b"9.00", b"999999999.00")
    )
    assert len(small) == len(large)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(lambda copy: b"", id="nothing"),
        pytest.param(lambda copy: b"CGPARTS2" + copy[8:], id="another magic"),
        pytest.param(lambda copy: copy[:-1], id="cut"),
        pytest.param(lambda copy: copy + b"\x00", id="longer"),
        pytest.param(lambda copy: MAGIC + bytes(2), id="no part"),
        pytest.param(lambda copy: MAGIC + (MOST_PARTS + 1).to_bytes(2) + copy[10:], id="too many"),
        pytest.param(lambda copy: MAGIC + (1).to_bytes(2) + bytes(4), id="a part without a tag"),
        pytest.param(lambda copy: MAGIC + b"\x00\x01" + b"\xff" * 4, id="4 GB"),
    ],
)
def test_what_is_laid_out_otherwise(changed: object) -> None:
    copy = seal_parts(KEY, PARTS, token_bytes)
    assert callable(changed)
    with pytest.raises(MalformedDocument):
        read_parts(changed(copy))
