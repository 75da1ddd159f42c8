"""`credgraph compose` as a team uses it: what it writes, what it leaves alone, what it says."""

import json
from pathlib import Path

import pytest

from gateway.cli.compose import options_of, run, watch

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", '
    'import: ["@key", "@shareable", "@inaccessible"])\n'
)
GOOD = {
    "a": LINK + 'type Query { t: T } type T @key(fields: "id") { id: ID! x: Int @inaccessible }',
    "b": LINK + 'type T @key(fields: "id") { id: ID! y: Int }',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, GOOD)
    return tmp_path


def write(folder: Path, sdls: dict[str, str], more: str = "") -> None:
    entries = "".join(f"  {name}: {{file: {name}.graphql, url: http://{name}}}\n" for name in sdls)
    text = f"subgraphs:\n{entries}api: api.graphql\n{more}"
    (folder / "supergraph.yaml").write_text(text, encoding="utf-8")
    for name, sdl in sdls.items():
        (folder / f"{name}.graphql").write_text(sdl, encoding="utf-8")


def compose(folder: Path, *more: str) -> int:
    return run(["--config", str(folder / "supergraph.yaml"), *more])


def test_writes_supergraph_and_api_schema(folder: Path) -> None:
    assert compose(folder) == 0
    assert "join__Graph" in (folder / "supergraph.graphql").read_text(encoding="utf-8")
    assert (
        (folder / "api.graphql")
        .read_text(encoding="utf-8")
        .endswith("type Query {\n  t: T\n}\n\ntype T {\n  id: ID!\n  y: Int\n}\n")
    )


def test_an_api_schema_nobody_named_is_not_written(folder: Path) -> None:
    config = folder / "supergraph.yaml"
    config.write_text(config.read_text(encoding="utf-8").replace("api: api.graphql\n", ""))
    assert compose(folder) == 0
    assert (folder / "supergraph.graphql").exists()
    assert not (folder / "api.graphql").exists()


def test_same_input_writes_nothing_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compose(folder)
    capsys.readouterr()
    assert compose(folder) == 0
    assert capsys.readouterr().out == ""


def test_check_tells_a_stale_file_and_leaves_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compose(folder)
    assert compose(folder, "--check") == 0
    write(folder, {**GOOD, "b": GOOD["b"].replace("y:", "z:")})
    before = (folder / "supergraph.graphql").read_bytes()
    assert compose(folder, "--check") == 1
    assert "supergraph.graphql is stale: run credgraph compose" in capsys.readouterr().err
    assert (folder / "supergraph.graphql").read_bytes() == before


def test_output_goes_elsewhere_with_its_api_schema(folder: Path) -> None:
    assert compose(folder, "--output", str(folder / "out" / "mine.graphql")) == 0
    assert sorted(path.name for path in (folder / "out").iterdir()) == [
        "api.graphql",
        "mine.graphql",
    ]
    assert not (folder / "supergraph.graphql").exists()


def test_errors_show_the_line_and_touch_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compose(folder)
    before = (folder / "supergraph.graphql").read_bytes()
    write(folder, {**GOOD, "b": LINK + 'type T @key(fields: "ids") {\n  id: ID!\n}'})
    assert compose(folder) == 1
    said = capsys.readouterr().err
    assert 'error KEY_INVALID_FIELDS: [b] @key(fields: "ids") on T: T has no field "ids"' in said
    assert '(did you mean "id"?)' in said
    assert (
        f'{folder / "b.graphql"}:2:8\n    | type T @key(fields: "ids") {{\n    |        ^' in said
    )
    assert "what to do: " in said
    assert (folder / "supergraph.graphql").read_bytes() == before


def test_a_hint_fails_the_build_unless_it_is_allowed_with_a_reason(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hinting = {**GOOD, "b": GOOD["b"] + ' "One." enum E { A }'}
    write(folder, hinting)
    assert compose(folder) == 1
    assert "hint UNUSED_ENUM_TYPE: enum E is used by no field" in capsys.readouterr().err
    allowed = "allowed_hints:\n- {code: UNUSED_ENUM_TYPE, about: enum E, reason: next release}\n"
    write(folder, hinting, allowed)
    assert compose(folder) == 0
    write(folder, GOOD, allowed)
    assert compose(folder) == 0
    assert "UNUSED_ENUM_TYPE enum E matches nothing any more" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("subgraphs: {}", "must name at least one subgraph", id="no subgraphs"),
        pytest.param("subgraphs: {a: {file: a.graphql}}", "a.url: is missing", id="no URL"),
        pytest.param(
            "subgraphs: {a: {file: a.graphql, url: u}}\nfailing_hints: [X]",
            "X is no code of a hint",
            id="unknown failing hint",
        ),
        pytest.param(
            "subgraphs: {a: {file: a.graphql, url: u}}\nallowed_hint: []",
            "unknown setting; did you mean 'allowed_hints'?",
            id="unknown key",
        ),
        pytest.param(
            "subgraphs: {a: {file: a.graphql, url: u}}\nallowed_hints: [{code: X, reason: r}]",
            "X is no code of a hint",
            id="unknown hint",
        ),
        pytest.param("[", "is not valid YAML", id="broken YAML"),
    ],
)
def test_a_bad_config_is_one_sentence(
    folder: Path, text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "supergraph.yaml").write_text(text, encoding="utf-8")
    assert compose(folder) == 1
    written = capsys.readouterr().err
    assert said in written
    assert written.count("\n") == 1


def test_json_tells_everything_a_program_needs(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, {**GOOD, "b": LINK + 'type T @key(fields: "ids") {\n  id: ID!\n}\nenum E { A }'})
    assert compose(folder, "--format", "json") == 1
    said = json.loads(capsys.readouterr().out)
    (error,) = said["errors"]
    assert (said["composes"], error["code"], error["subgraphs"]) == (
        False,
        "KEY_INVALID_FIELDS",
        ["b"],
    )
    assert error["places"] == [
        {"subgraph": "b", "file": str(folder / "b.graphql"), "line": 2, "column": 8}
    ]
    assert error["suggestion"] == "name fields that T has in this subgraph"


def test_json_of_hints_says_which_fail_and_why_others_may_stay(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    allowed = "allowed_hints:\n- {code: UNUSED_ENUM_TYPE, about: enum E, reason: next release}\n"
    write(folder, {**GOOD, "b": GOOD["b"] + " enum E { A } enum F { A }"}, allowed)
    assert compose(folder, "--format", "json") == 1
    said = json.loads(capsys.readouterr().out)
    assert [(hint["fails"], hint["allowed"]) for hint in said["hints"]] == [
        (False, "next release"),
        (True, None),
    ]
    assert (said["composes"], said["refused"], said["written"]) == (True, True, [])


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        pytest.param("failing_hints: all", 1, id="all"),
        pytest.param("failing_hints: none", 0, id="none"),
        pytest.param("failing_hints: [UNUSED_ENUM_TYPE]", 1, id="this one"),
        pytest.param("failing_hints: [INCONSISTENT_DESCRIPTION]", 0, id="another one"),
    ],
)
def test_the_config_says_which_hints_fail(
    folder: Path, setting: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, {**GOOD, "b": GOOD["b"] + " enum E { A }"}, setting)
    assert compose(folder) == code
    said = capsys.readouterr().err
    assert "hint UNUSED_ENUM_TYPE: enum E is used by no field" in said
    assert "what to do: Remove it, or use it." in said


def test_the_variant_for_apollo_gateway_says_what_is_lost(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    guarded = LINK.replace('"@key"', '"@key", "@authenticated"')
    write(folder, {"a": guarded + "type Query { q: Int @authenticated }"})
    assert compose(folder, "--for", "apollo-gateway") == 0
    assert "@apollo/gateway does not know @authenticated" in capsys.readouterr().err
    variant = (folder / "supergraph.apollo-gateway.graphql").read_text(encoding="utf-8")
    assert '@link(url: "https://specs.apollo.dev/authenticated/v0.1")' in variant
    assert "q: Int @authenticated" in variant
    assert not (folder / "supergraph.graphql").exists()


def test_a_supergraph_with_contexts_is_written_without_a_word(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    linked = LINK.replace('"@key"', '"@key", "@context", "@fromContext"')
    setting = 'type Query { p: P } type P @context(name: "c") { id: ID! t: T }'
    taking = 'type T @key(fields: "id") { id: ID! f(a: ID @fromContext(field: "$c { id }")): Int }'
    write(folder, {"a": f"{linked}{setting} {taking}"})
    assert compose(folder) == 0
    assert not capsys.readouterr().err
    assert "f: Int" in (folder / "api.graphql").read_text(encoding="utf-8")


def test_watch_composes_again_on_every_change_and_survives_mistakes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edits = iter([{}, {"b": "type T {"}, {"b": GOOD["b"].replace("y:", "z:")}, None])

    def edit(_seconds: float) -> None:
        change = next(edits)
        if change is None:
            raise KeyboardInterrupt
        write(folder, {**GOOD, **change})

    options = options_of(["--config", str(folder / "supergraph.yaml"), "--watch"])
    assert watch(options, edit) == 0
    said = capsys.readouterr()
    assert said.err.count("watching for changes") == 3
    assert said.err.count("error INVALID_GRAPHQL") == 1
    assert "z: Int" in (folder / "api.graphql").read_text(encoding="utf-8")


def test_a_long_line_is_cut_around_the_word_it_is_about(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fields = " ".join(f"field{number}: Int" for number in range(200))
    write(folder, {"a": f"type Query {{ {fields} wrong: Nope }}"})
    assert compose(folder) == 1
    shown, caret = capsys.readouterr().err.split("    | ")[1:3]
    assert len(shown) < 170
    assert shown[caret.index("^") :].startswith("Nope")
