"""What the schema must not have, and what every field of it must have."""

import re

from graphql import build_schema, is_input_object_type

from tests.access.matrix import ROOT, api
from tests.access.page import PAGE, page

_MONEY_MOVES = re.compile(
    r"pay(?!load)|order|transfer|trade|purchase|settle|withdrawCash|buy|sell", re.I
)
_SECRETS = re.compile(r"password|passwd|secret|private_?key|seed|mnemonic", re.IGNORECASE)


def test_no_change_moves_money() -> None:
    """The pilot attaches no trading or finance system: no payment, order or transfer exists."""
    schema = api()
    roots = [root for root in (schema.mutation_type, schema.subscription_type) if root]
    names = [field for root in roots for field in root.fields]
    assert [name for name in names if _MONEY_MOVES.search(name)] == []


def test_no_argument_takes_a_password_or_a_private_key() -> None:
    for path in sorted((ROOT / "schema").glob("*.graphql")):
        schema = build_schema(path.read_text(encoding="utf-8"), assume_valid_sdl=True)
        names = [
            f"{type_.name}.{field}"
            for type_ in schema.type_map.values()
            if is_input_object_type(type_)
            for field in type_.fields
        ]
        assert [name for name in names if _SECRETS.search(name)] == [], path.name


def test_the_page_says_what_the_matrix_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.access.page"
