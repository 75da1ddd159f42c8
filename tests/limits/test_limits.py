"""Bounds of one operation."""

import pytest
from graphql import parse

from gateway.errors import (
    ClientFault,
    ParseFailed,
    TooDeep,
    TooManyAliases,
    TooManyRootFields,
    TooManyTokens,
)
from gateway.limits import DocumentLimits, check_document, check_source

LIMITS = DocumentLimits(tokens=60, nesting=10, depth=4, aliases=3, root_fields=4)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("{a b c}", None, id="small"),
        pytest.param("{" + "a " * 58 + "}", None, id="exactly as many tokens as allowed"),
        pytest.param("{" + "a " * 59 + "}", TooManyTokens, id="one token more"),
        pytest.param("# " + "a " * 99 + "\n{a}", None, id="comments are no tokens"),
        pytest.param("{a" * 10 + "}" * 10, None, id="as deep as brackets may be"),
        pytest.param("{a" * 11 + "}" * 11, TooDeep, id="one bracket deeper"),
        pytest.param("{a(b:" + "[" * 20, TooDeep, id="lists count too"),
        pytest.param("{" * 100_000, TooDeep, id="brackets only"),
        pytest.param('{a(b:"', ParseFailed, id="an open string"),
        pytest.param("{?}", ParseFailed, id="no token at all"),
    ],
)
def test_the_text(text: str, fault: type[ClientFault] | None) -> None:
    if fault is None:
        check_source(text, LIMITS)
        return
    with pytest.raises(fault):
        check_source(text, LIMITS)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("{a{b{c{d}}}}", None, id="as deep as allowed"),
        pytest.param("{a{b{c{d{e}}}}}", TooDeep, id="one deeper"),
        pytest.param("{a{...on T{...on U{b{c}}}}}", None, id="inline fragments are no level"),
        pytest.param("{a{...F}} fragment F on T{b{c{d}}}", None, id="fragments are followed"),
        pytest.param("{a{...F}} fragment F on T{b{c{d{e}}}}", TooDeep, id="into the depth"),
        pytest.param("{x:a y:a z:a}", None, id="as many aliases as allowed"),
        pytest.param("{x:a y:a z:a w:a}", TooManyAliases, id="one alias more"),
        pytest.param("{a:a b:b c:c d:d}", None, id="a name for itself is no alias"),
        pytest.param(
            "{a{...F}b{...F}} fragment F on T{x:a y:a}", TooManyAliases, id="once per spread"
        ),
        pytest.param("{a b c d}", None, id="as many root fields as allowed"),
        pytest.param("{a b c d e}", TooManyRootFields, id="one root field more"),
        pytest.param(
            "{...F d e} fragment F on Q{a b c}", TooManyRootFields, id="through fragments"
        ),
        pytest.param("query A{a} query B{a b c d e}", TooManyRootFields, id="any operation"),
        pytest.param("{...F} fragment F on Q{a ...F}", None, id="a cycle is not our business"),
        pytest.param("{...G} fragment F on Q{a}", None, id="a missing fragment neither"),
    ],
)
def test_the_document(text: str, fault: type[ClientFault] | None) -> None:
    document = parse(text)
    if fault is None:
        check_document(document, LIMITS)
        return
    with pytest.raises(fault):
        check_document(document, LIMITS)


def test_fragments_that_double_each_other_cost_no_more_than_their_text() -> None:
    """40 fragments, each spreading the next twice: 2^40 aliases, counted in no time."""
    fragments = [f"fragment F{n} on T{{...F{n + 1} ...F{n + 1}}}" for n in range(40)]
    text = "{...F0} " + " ".join(fragments) + " fragment F40 on T{x:a}"
    with pytest.raises(TooManyAliases):
        check_document(parse(text), LIMITS)


def test_a_limit_names_its_bound() -> None:
    with pytest.raises(TooManyRootFields) as caught:
        check_document(parse("{a b c d e}"), LIMITS)
    assert caught.value.as_graphql() == {
        "message": "the operation may have at most 4 root fields",
        "extensions": {"code": "MAX_ROOT_FIELDS_LIMIT", "limit": 4},
    }
