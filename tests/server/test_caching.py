"""How long an answer may be kept, of what its parts said."""

import pytest

from gateway.server.caching import CacheHints


@pytest.mark.parametrize(
    ("headers", "clean", "told"),
    [
        pytest.param([b"max-age=60", b"max-age=5, public"], True, b"public, max-age=5", id="least"),
        pytest.param(
            [b"max-age=60", b"private, max-age=90"], True, b"private, max-age=60", id="private"
        ),
        pytest.param([b"max-age=60", None], True, b"no-store", id="one says nothing"),
        pytest.param([b"max-age=60", b"no-store"], True, b"no-store", id="one forbids"),
        pytest.param([b"max-age=60"], False, b"no-store", id="errors or a mutation"),
        pytest.param([], True, b"no-store", id="nobody was asked"),
    ],
)
def test_an_answer_is_kept_as_long_as_its_most_careful_part(
    headers: list[bytes | None], told: bytes, *, clean: bool
) -> None:
    hints = CacheHints()
    for header in headers:
        hints.note(header)
    assert hints.header(clean=clean) == told
