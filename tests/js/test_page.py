"""The page's own modules without a browser: places of frames, proofs checked, rows as text."""

import base64
import csv
import io
import json
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.graphiql.node import find_node

FOLDER = Path(__file__).parent
ANCHORED: dict[str, Any] = json.loads(
    (FOLDER / "verify_proof" / "anchored.json").read_text(encoding="utf-8")
)
BUNDLE = base64.b64decode(ANCHORED["proofs"][0]["proof"]).decode().rstrip("\n")
TRUST = json.dumps(ANCHORED["trust"])
STEPS = ["bundle", "log", "commit", "leaf", "path", "checkpoint", "witness", "anchor", "trust"]
ALONE = ["bundle", "commit", "leaf", "path"]

pytestmark = pytest.mark.skipif(find_node() is None, reason="no Node.js of 22.15 or newer")


@pytest.fixture(scope="module", autouse=True)
def page() -> Iterator[None]:
    """One Node.js for all calls."""
    node = find_node()
    assert node is not None
    with subprocess.Popen(
        [str(node.executable), str(FOLDER / "page.mjs")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        RUNNING.append(running)
        yield
        RUNNING.clear()
        assert running.stdin
        running.stdin.close()


RUNNING: list[subprocess.Popen[str]] = []


def call(module: str, name: str, *given: object) -> Any:
    """What a function of `gateway/graphiql/src` answers."""
    (running,) = RUNNING
    assert running.stdin
    assert running.stdout
    running.stdin.write(json.dumps({"module": module, "name": name, "given": given}) + "\n")
    running.stdin.flush()
    answer = json.loads(running.stdout.readline())
    assert "fault" not in answer, answer
    return answer["answer"]


def frame(
    sequence: int, before: int | None = None, *, heartbeat: bool = False
) -> dict[str, object]:
    return {
        "sequence": sequence,
        "headSequence": 9,
        "prevSequence": before,
        "heartbeat": heartbeat,
    }


@pytest.mark.parametrize(
    ("given", "reached", "mark", "missed", "position"),
    [
        pytest.param(frame(4), None, None, None, 4, id="first, nothing known before"),
        pytest.param(frame(6, 4), 4, None, None, 6, id="the next one"),
        pytest.param(frame(6, 3), 4, None, None, 6, id="previous one older: filtered, no gap"),
        pytest.param(frame(8, 6), 4, "gap", [5, 6], 8, id="previous one unknown: a gap"),
        pytest.param(frame(4, 3), 4, "repeat", None, 4, id="the same again"),
        pytest.param(frame(2, 1), 4, "repeat", None, 4, id="an older one again"),
        pytest.param(frame(4, None, heartbeat=True), 4, None, None, 4, id="silence"),
        pytest.param(frame(7, None, heartbeat=True), 4, None, None, 7, id="a heartbeat moves it"),
        pytest.param(frame(7, 6, heartbeat=True), 4, "gap", [5, 6], 7, id="told by a heartbeat"),
    ],
)
def test_a_frame_has_its_place(
    given: dict[str, object],
    reached: int | None,
    mark: str | None,
    missed: list[int] | None,
    position: int,
) -> None:
    place = call("feed.js", "placeOf", given, reached)
    assert (place["mark"], place["missed"], place["position"]) == (mark, missed, position)
    assert place["lag"] == 9 - int(str(given["sequence"]))


def test_a_resumed_run_goes_on_after_the_cursor_it_gives() -> None:
    entries = [
        {"cursor": "c2", "place": {"sequence": 12}},
        {"cursor": "c1", "place": {"sequence": 7}},
    ]
    assert call("feed.js", "startOf", entries, {"after": "c1"}) == 7
    assert call("feed.js", "startOf", entries, {"after": "elsewhere"}) is None


def checked(proof: dict[str, object], trust: str | None) -> dict[str, Any]:
    answer = call("proofs.js", "checkProof", proof, trust)
    assert isinstance(answer, dict)
    return answer


def states(answer: dict[str, Any]) -> dict[str, str]:
    return {row["step"]: row["state"] for row in answer["rows"]}


def test_a_bundle_is_proved_step_by_step_against_the_trust_file() -> None:
    answer = checked({"bundle": BUNDLE}, TRUST)
    assert (answer["state"], answer["verdict"]["trust"]) == ("proved", "WITNESSED")
    assert states(answer) == dict.fromkeys([*STEPS, "answer"], "held")
    drawn, bundle = answer["drawn"], json.loads(BUNDLE)
    assert len(drawn["steps"]) == len(bundle["path"]) > 0
    assert drawn["fault"] is None
    assert drawn["steps"][-1]["node"] == drawn["root"]
    assert drawn["leafHash"] == base64.urlsafe_b64decode(bundle["leafHash"] + "=").hex()


def test_without_a_trust_file_nobody_is_believed_to_have_signed() -> None:
    answer = checked({"bundle": BUNDLE}, None)
    assert answer["state"] == "whole"
    assert list(states(answer)) == [*ALONE, "answer"]


def test_a_trust_file_that_can_not_be_used_is_told_and_not_the_proofs_fault() -> None:
    answer = checked({"bundle": BUNDLE}, "{}")
    assert (answer["state"], "trust file" in answer["trustFault"]) == ("whole", True)


@pytest.mark.parametrize("trust", [TRUST, None], ids=["with trust", "alone"])
@pytest.mark.parametrize("turn", range(8))
def test_one_changed_letter_fails_at_its_step(turn: int, trust: str | None) -> None:
    changed = call("proofs.js", "spoiled", {"bundle": BUNDLE}, turn)
    answer = checked(changed["proof"], trust)
    assert answer["state"] == "failed"
    at = {"path": "path", "leafHash": "leaf", "entry": "commit"}[changed["what"].partition("[")[0]]
    found = states(answer)
    assert found[at] == "failed", (changed["what"], found)
    wanted = STEPS if trust else ALONE
    before = wanted[: wanted.index(at)]
    assert {step for step, state in found.items() if state == "held"} == set(before)


def test_a_changed_path_is_drawn_as_leading_astray() -> None:
    changed = call("proofs.js", "spoiled", {"bundle": BUNDLE}, 0)["proof"]
    drawn = checked(changed, TRUST)["drawn"]
    assert drawn["fault"] == "does not lead to the checkpoint's root"
    assert drawn["steps"][-1]["node"] != drawn["root"]


def beside() -> dict[str, Any]:
    bundle = json.loads(BUNDLE)
    root = bundle["checkpoint"].split("\n")[2]
    told = root.replace("+", "-").replace("/", "_").rstrip("=")
    fields = {name: bundle[name] for name in ("leafHash", "leafIndex", "treeSize", "path")}
    return {**fields, "checkpoint": {"root": told}}


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("leafHash", "A" * 43),
        ("leafIndex", "0"),
        ("path", []),
        ("checkpoint", {"root": "A" * 43}),
    ],
)
def test_an_answer_that_says_other_than_its_bundle_fails(field: str, other: object) -> None:
    assert checked({**beside(), "bundle": BUNDLE}, TRUST)["state"] == "proved"
    answer = checked({**beside(), field: other, "bundle": BUNDLE}, TRUST)
    assert (answer["state"], states(answer)["answer"]) == ("failed", "failed")


def test_fields_without_a_bundle_show_the_path_alone() -> None:
    answer = checked(beside(), TRUST)
    assert (answer["state"], states(answer)) == ("path", {"path": "held"})
    broken = checked({**beside(), "leafHash": "A" * 43}, TRUST)
    assert (broken["state"], states(broken)) == ("failed", {"path": "failed"})
    assert checked({"leafHash": "A" * 43}, TRUST)["state"] == "nothing"


@pytest.mark.parametrize("bundle", ["", "[]", "{", "null", '{"checkpoint":1}', BUNDLE[:-9]])
def test_what_can_not_be_read_fails_and_breaks_nothing(bundle: str) -> None:
    answer = checked({"bundle": bundle}, TRUST)
    assert (answer["state"], answer["drawn"]) == ("failed", None)
    assert states(answer)["bundle"] == "failed"


def test_every_proof_of_an_answer_is_found_with_its_way_there() -> None:
    event = {"sequence": 3, "kind": "ISSUED", "chainProof": {"bundle": BUNDLE}}
    data = {"node": {"chainProof": {"leafHash": "x"}, "timeline": {"edges": [{"node": event}]}}}
    found = call("proofs.js", "proofsIn", data)
    assert [".".join(each["path"]) for each in found] == [
        "node.chainProof",
        "node.timeline.edges.0.node.chainProof",
    ]
    title = "3 ISSUED (node.timeline.edges.0.node.chainProof)"
    assert call("proofs.js", "titleOf", found[1]) == title


ROWS: list[dict[str, object]] = [
    {"id": "a", "total": {"amount": "1200.50"}, "kinds": ["X", "Y"], "note": 'say "1, 2"\nthree'},
    {
        "id": "b",
        "total": None,
        "note": "=1+1",
        "change": "-5.00",
        "open": False,
        "name": "财通基金",
    },
]


def test_csv_is_read_back_and_runs_no_formula() -> None:
    text = call("table.js", "toCsv", ROWS)
    assert text.startswith("\ufeff")
    first, second = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    assert (first["total.amount"], first["kinds"]) == ("1200.50", '["X","Y"]')
    assert first["note"] == 'say "1, 2"\nthree'
    assert (second["note"], second["change"], second["open"]) == ("'=1+1", "-5.00", "false")
    assert (second["name"], second["total.amount"]) == ("财通基金", "")


def test_json_lines_keep_every_value() -> None:
    lines = call("table.js", "toJsonl", ROWS).splitlines()
    assert [json.loads(line) for line in lines] == ROWS


def test_an_archive_is_read_by_other_programs() -> None:
    files = [["rows.csv", "a,b\r\n"], ["proofs/12.json", BUNDLE], ["说明.txt", "内容"]]
    raw = base64.b64decode(call("zip.js", "zipped", files, "2026-11-22T10:20:30Z"))
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert archive.testzip() is None
        assert [[name, archive.read(name).decode()] for name in archive.namelist()] == files
        assert archive.infolist()[0].date_time == (2026, 11, 22, 10, 20, 30)
