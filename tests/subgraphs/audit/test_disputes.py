"""A denial, its evidence, and a file that holds by itself: every flipped byte is named."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import bson
import pytest
import pytest_asyncio

from ledger_adapter.errors import BadProof
from ledger_adapter.evidence_file import digest_of, verify_evidence
from ledger_adapter.log.commitment import canonical
from ledger_adapter.port import EventId
from ledger_adapter.verify import Step
from subgraphs.audit.dispute.pack import MOST_EVENTS
from subgraphs.demo.pilot import GUOTAI_JUNAN
from subgraphs.kit.idempotent import Call
from subgraphs.kit.mongo import Session
from subgraphs.kit.viewer import ANONYMOUS
from subgraphs.vc.did import institution_did
from subgraphs.vc.enclosed import judge
from tests.subgraphs.audit.desk import (
    ANALYST,
    ISSUER,
    ISSUER_DESK,
    OTHER_DESK,
    REGULATOR,
    STRANGER,
    VERIFIER,
    VERIFIER_DESK,
    Case,
    Desk,
    desk_of,
)
from tests.subgraphs.audit.evidence import CLOSE, GIVE, PACKAGE, PLAIN, Play, documents
from tests.subgraphs.kit.gateway import NOBODY

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANN, BEN = Case("ann"), Case("ben")
LARGEST = 200_000
ISSUER_DID = institution_did(ISSUER)
OPEN = """mutation($input: OpenDisputeInput!) { openDispute(input: $input) {
  ... on OpenDisputeSuccess { dispute { id } } ... on DomainError { code } } }"""
NODE = "query($id: ID!) { node(id: $id) { ... on Dispute { ground state parts { kind } } } }"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def court(tmp_path_factory: pytest.TempPathFactory, mongo_uri: str) -> AsyncIterator[Desk]:
    async with desk_of(tmp_path_factory.mktemp("court"), mongo_uri, "court") as opened:
        await opened.tell(*ANN.whole(), *BEN.whole())
        await opened.signed()
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def papers(court: Desk) -> dict[str, Any]:
    return documents(court.world)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sealed(court: Desk, papers: dict[str, Any]) -> bytes:
    return await Play(court, ANN).whole(papers)


async def test_a_file_holds_everything_and_by_itself(
    court: Desk, papers: dict[str, Any], sealed: bytes
) -> None:
    evidence = verify_evidence(sealed, court.trust, judge)
    assert len(sealed) <= LARGEST
    given = {part["kind"]: doc for part, doc in _parts(evidence)}
    assert given == papers
    kinds = [event.envelope["kind"] for event in evidence.events]
    assert {"PRESENTATION_SUBMITTED", "DISPUTE_OPENED", "INSTITUTION_REGISTERED"} <= set(kinds)
    assert kinds.count("EVIDENCE_SUBMITTED") == len(papers)
    assert evidence.manifest["holder"] == ANN.id("hold")
    assert {(one.part, one.what) for one in evidence.enclosed} >= {
        ("CREDENTIAL", "the issuer's signature"),
        ("PRESENTATION", "the issuer's signature"),
        ("PRESENTATION", "the holder's signature on the presentation"),
        ("PRESENTATION", "the identity provider's signature on the holder's keys"),
    }
    assert not evidence.faults


def _parts(evidence: Any) -> list[tuple[Any, Any]]:
    return list(zip(evidence.manifest["parts"], evidence.parts, strict=True))


async def test_the_command_checks_it_without_a_network(
    court: Desk, sealed: bytes, tmp_path: Path
) -> None:
    if shutil.which("unshare") is None:
        pytest.skip("no unshare on this machine")
    file, page = tmp_path / "evidence.json", tmp_path / "evidence.html"
    file.write_bytes(sealed)
    trust = court.world.settings.data / "trust.json"
    command = [sys.executable, "-m", "ledger_adapter", "verify-evidence", str(file)]
    command += ["--trust", str(trust), "--html", str(page)]
    alone = ["unshare", "-rn", *command]
    done = await asyncio.to_thread(_run, alone)
    assert done.returncode == 0, done.stderr
    assert "EVIDENCE HOLDS" in done.stdout
    assert "inside      PRESENTATION /proof: the holder's signature" in done.stdout
    text = page.read_text(encoding="utf-8")
    assert text.count("<svg") == 1 + len(json.loads(sealed)["proofs"])
    assert text.count("<details") == text.count("<details open>"), "what is shut is not printed"
    assert "PRIVATE_FUND@1" in text
    file.write_bytes(sealed.replace(b"PRIVATE_FUND@1", b"PRIVATE_FUND@2"))
    done = await asyncio.to_thread(_run, command)
    assert (done.returncode, done.stdout) == (
        1,
        "REFUSED: part CHECKS: its document is not the one of the manifest\n",
    )


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def _place_of(raw: bytes, position: int) -> set[str]:
    """What a fault at a byte may be named: by the piece of the file it lies in."""
    file = json.loads(raw)
    spans = {"manifest": [file["manifest"]], "seal": [file["seal"]]}
    for name, values in spans.items():
        start = raw.index(canonical(values[0]))
        if start <= position < start + len(canonical(values[0])):
            return {name}
    for listed, document in zip(file["manifest"]["parts"], file["parts"], strict=True):
        start = raw.index(canonical(document))
        if start <= position < start + len(canonical(document)):
            return {f"part {listed['kind']}"}
    for listed, proof in zip(file["manifest"]["events"], file["proofs"], strict=True):
        start = raw.index(canonical(proof))
        if start <= position < start + len(canonical(proof)):
            return {f"event {listed['sequence']}"}
    return set()


async def test_a_flipped_byte_anywhere_is_named(court: Desk, sealed: bytes) -> None:
    """One bit each, all over it and densely in each part: what is still JSON is named by its
    piece."""
    named: set[str] = set()
    places = set(range(0, len(sealed), len(sealed) // 300))
    for document in json.loads(sealed)["parts"]:
        start = sealed.index(canonical(document))
        length = len(canonical(document))
        places |= set(range(start, start + length, max(5, length // 60)))
    for position in sorted(places):
        broken = bytearray(sealed)
        broken[position] ^= 1
        with pytest.raises(BadProof) as fault:
            verify_evidence(bytes(broken), court.trust)
        where = _place_of(sealed, position)
        assert fault.value.step in {"file", *where}, (position, fault.value.step, where)
        named.add(fault.value.step)
    assert {"file", "manifest", "seal", "part CHECKS", "part REQUEST"} <= named
    assert len([name for name in named if name.startswith("event ")]) == len(
        json.loads(sealed)["proofs"]
    )


@pytest.mark.parametrize("name", ["parts", "proofs"])
async def test_a_piece_left_out_or_put_elsewhere_is_noticed(
    court: Desk, sealed: bytes, name: str
) -> None:
    for change in (_without_last, _turned):
        file = json.loads(sealed)
        file[name] = change(file[name])
        with pytest.raises(BadProof):
            verify_evidence(canonical(file), court.trust)


def _without_last(values: list[Any]) -> list[Any]:
    return values[:-1]


def _turned(values: list[Any]) -> list[Any]:
    return values[::-1]


async def test_a_manifest_of_ones_own_has_no_seal(court: Desk, sealed: bytes) -> None:
    """Whoever changes a part and writes a manifest that fits has nothing that seals it."""
    file = json.loads(sealed)
    file["parts"][0] = {"forged": True}
    file["manifest"]["parts"][0]["digest"] = digest_of(file["parts"][0])
    with pytest.raises(BadProof, match="sealed"):
        verify_evidence(canonical(file), court.trust)


async def test_the_court_reads_it_without_a_login_and_nobody_guesses_it(
    court: Desk, sealed: bytes
) -> None:
    listed = await court.ask(
        "{ disputes { edges { node { id evidencePackage { downloadUrl pageUrl } } } } }",
        who=ANN.who,
    )
    (edge, *_) = [
        one
        for one in listed.only("disputes")["edges"]
        if one["node"]["evidencePackage"] is not None
    ]
    play = Play(court, ANN, edge["node"]["id"])
    urls = edge["node"]["evidencePackage"]
    assert (await play.read(urls["downloadUrl"])).content == sealed
    page = await play.read(urls["pageUrl"])
    assert page.status_code == 200
    assert "script" not in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    for path in ("/evidence/x.json", f"/evidence/{play.id}.json", "/evidence/.json"):
        assert (await play.read(f"http://audit{path}")).status_code == 404


async def test_rows_lead_to_no_file_and_let_nobody_try_what_was_asked(court: Desk) -> None:
    """The way to sealed evidence is sealed, and found by a keyed digest; so is what makes a call
    the same call again."""
    play = Play(court, Case("eve"))
    await court.tell(*play.case.whole())
    given = {"subjectId": play.case.id("pres"), "ground": "USE_DENIED", "clientMutationId": "k-1"}
    opened = (await court.ask(OPEN, {"input": given}, who=play.case.who)).only("openDispute")
    again = (await court.ask(OPEN, {"input": given}, who=play.case.who)).only("openDispute")
    assert again == opened
    other = {**given, "ground": "CONTENT_DENIED"}
    told = (await court.ask(OPEN, {"input": other}, who=play.case.who)).only("openDispute")
    assert told == {"code": "IDEMPOTENCY_KEY_REUSED"}
    whole = Play(court, Case("fay"))
    await court.tell(*whole.case.whole())
    await whole.whole()
    url = (await whole.package(whole.case.who))["downloadUrl"]
    token = url.rpartition("/")[2].removesuffix(".json")
    assert len(token) > 30
    plain = court.world.base.mongo.database(court.world.base.database.name)
    rows = {
        name: await plain[name].find({}).to_list(None)
        for name in ("evidence_packages", "disputes", "idempotency", "prepared")
    }
    dump = b"".join(bson.encode(row) for found in rows.values() for row in found)
    assert rows["evidence_packages"]
    assert rows["idempotency"]
    assert token.encode() not in dump
    asked = Call.of(ANONYMOUS, "openDispute", "k-1", [given["subjectId"], given["ground"]])
    (row,) = (one for one in rows["idempotency"] if one["_id"].endswith("|k-1"))
    assert row["digest"] != asked.digest
    assert asked.digest.encode() not in dump


async def test_who_sees_a_dispute(court: Desk, sealed: bytes) -> None:
    assert sealed
    play = Play(court, ANN)
    await play.open()
    query = "query($id: ID!) { dispute(id: $id) { ground subject } }"
    for who in (ANN.who, VERIFIER_DESK, REGULATOR):
        assert (await court.ask(query, {"id": play.id}, who=who)).codes == []
    for who in (BEN.who, ISSUER_DESK, OTHER_DESK, ANALYST, NOBODY):
        hidden, unknown = [
            await court.ask(query, {"id": id_}, who=who) for id_ in (play.id, BEN.id("disp"))
        ]
        assert hidden.codes == unknown.codes == ["NOT_FOUND"]
        node = (
            "query($id: ID!) { node(id: $id) { ... on Dispute { ground state parts { kind } } } }"
        )
        seen = await court.ask(node, {"id": play.id}, who=who)
        assert seen.only("node") == {"ground": None, "state": None, "parts": None}
        assert (await court.ask("{ disputes { edges { cursor } } }", who=who)).only("disputes")[
            "edges"
        ] == []


async def test_a_denied_credential_shows_its_issuer_no_presentation(court: Desk) -> None:
    """The issuer answers for the application; where it was shown stays unknown to it."""
    play = Play(court, ANN)
    told = await play.open("cred", "APPLICATION_DENIED")
    assert told["dispute"]["institution"]["id"] != VERIFIER
    given = play.signed("REQUEST", PLAIN["REQUEST"], GUOTAI_JUNAN)
    assert (await play.do(GIVE, ISSUER_DESK, **given))["__typename"] == "SubmitEvidenceSuccess"
    await play.seal(ISSUER_DESK)
    package = await play.package(ISSUER_DESK)
    raw = (await play.read(package["downloadUrl"])).content
    kinds = {event.envelope["kind"] for event in verify_evidence(raw, court.trust).events}
    assert "CREDENTIAL_ACTIVATED" in kinds
    assert not kinds & {"PRESENTATION_SUBMITTED", "CREDENTIAL_ACCEPTED", "CONSENT_GRANTED"}
    assert VERIFIER.encode() not in raw


@pytest.mark.parametrize(
    ("subject", "ground", "code"),
    [
        pytest.param("pres", "BORED", "GROUND_UNKNOWN", id="ground"),
        pytest.param("hold", "USE_DENIED", "SUBJECT_NOT_DENIABLE", id="herself"),
        pytest.param("veri", "USE_DENIED", "SUBJECT_NOT_DENIABLE", id="kind"),
        pytest.param("cred", "USE_DENIED", "GROUND_MISMATCH", id="a credential is no use"),
        pytest.param("pres", "APPLICATION_DENIED", "GROUND_MISMATCH", id="a use is no request"),
    ],
)
async def test_what_cannot_be_denied(court: Desk, subject: str, ground: str, code: str) -> None:
    assert (await Play(court, ANN).open(subject, ground))["code"] == code


async def test_the_same_denied_again_is_one_dispute_until_it_is_decided(court: Desk) -> None:
    """One by one and at once, by calls that are none the same; each would hold up her exit."""
    plays = [Play(court, Case("hal")) for _ in range(8)]
    first, *_ = plays
    await court.tell(*first.case.whole())
    told = await asyncio.gather(*(play.open() for play in plays))
    while busy := [n for n, one in enumerate(told) if one["__typename"] == "TryAgain"]:
        for n in busy:
            told[n] = await plays[n].open()
    assert len({one["dispute"]["id"] for one in told}) == 1
    other = Play(court, first.case)
    assert (await other.open(ground="CONTENT_DENIED"))["dispute"]["id"] != first.id
    await first.seal(first.case.who)
    assert (await other.open())["dispute"]["id"] == first.id, "sealed, it still waits"
    assert (await first.do(CLOSE, REGULATOR, disputeId=first.id, state="UPHELD"))["dispute"]
    assert (await other.open())["dispute"]["id"] != first.id
    kinds = await court.ask(
        "query($f: AuditEventFilter) { auditEvents(filter: $f) { edges { node { kind } } } }",
        {"f": {"subject": first.case.id("hold"), "kinds": ["DISPUTE_OPENED"]}},
        who=first.case.who,
    )
    assert len(kinds.only("auditEvents")["edges"]) == 3


async def test_somebody_elses_presentation_is_not_there(court: Desk) -> None:
    play = Play(court, Case("carl"))
    assert (await play.open())["code"] == "NOT_FOUND"
    play.case = BEN
    told = await play.do(
        "mutation($input: OpenDisputeInput!) { openDispute(input: $input) { "
        "... on DomainError { code } } }",
        BEN.who,
        subjectId=ANN.id("pres"),
        ground="USE_DENIED",
    )
    assert told == {"code": "NOT_FOUND"}


async def test_parts_that_are_refused(court: Desk) -> None:
    play = Play(court, BEN)
    await play.open()
    good = play.signed("CHECKS", {"a": 1})
    foreign = play.signed("CHECKS", {"a": 1}, GUOTAI_JUNAN)
    method = {**good, "method": foreign["method"]}
    cases = {
        "SIGNATURE_INVALID": {**good, "document": {"a": 2}},
        "VERIFICATION_METHOD_MISMATCH": method,
        "PART_UNKNOWN": {**good, "kind": "GOSSIP"},
        "DOCUMENT_TOO_LONG": {**good, "document": "x" * 60_000},
    }
    for code, given in cases.items():
        assert (await play.do(GIVE, VERIFIER_DESK, **given))["code"] == code
    for who in (ISSUER_DESK, OTHER_DESK):
        assert (await play.do(GIVE, who, **good))["code"] == "NOT_FOUND"
    assert (await play.do(GIVE, BEN.who, **good))["code"] == "FORBIDDEN"
    assert (await play.do(GIVE, VERIFIER_DESK, **good))["__typename"] == "SubmitEvidenceSuccess"
    assert (await play.do(GIVE, VERIFIER_DESK, **good))["code"] == "PART_GIVEN"


async def test_a_dispute_ends_by_the_regulator_or_by_stepping_back(court: Desk) -> None:
    play = Play(court, Case("gil"))
    await court.tell(*play.case.whole())
    await play.open()
    early = await play.do(CLOSE, REGULATOR, disputeId=play.id, state="UPHELD")
    assert early["code"] == "TRANSITION_INVALID"
    assert (await play.seal(play.case.who))["dispute"]["state"] == "SEALED"
    assert (await play.give("CHECKS", {"late": 1}))["code"] == "TRANSITION_INVALID"
    assert (await play.do(CLOSE, VERIFIER_DESK, disputeId=play.id, state="DISMISSED"))[
        "code"
    ] == "FORBIDDEN"
    for who, state in ((play.case.who, "UPHELD"), (REGULATOR, "WITHDRAWN")):
        assert (await play.do(CLOSE, who, disputeId=play.id, state=state))["code"] == "NOT_FOUND"
    ended = await play.do(CLOSE, REGULATOR, disputeId=play.id, state="UPHELD")
    assert ended["dispute"]["state"] == "UPHELD"
    await court.tell()
    kinds = await court.ask(
        "query($f: AuditEventFilter) { auditEvents(filter: $f) { edges { node { kind } } } }",
        {"f": {"subject": play.id}},
        who=play.case.who,
    )
    assert [one["node"]["kind"] for one in kinds.only("auditEvents")["edges"]] == [
        "PRIVILEGED_READ",
        "DISPUTE_CLOSED",
        "EVIDENCE_SEALED",
        "DISPUTE_OPENED",
    ]


async def test_once_the_holder_has_left_only_files_read_before_tell_of_the_case(
    court: Desk,
) -> None:
    play = Play(court, Case("dora"))
    await court.tell(*play.case.whole())
    before = await play.whole()
    package = await play.package(play.case.who)
    stored = await court.world.base.mongo.database(court.world.base.database.name)[
        "evidence_packages"
    ].find_one({"dispute": play.id})
    assert stored is not None
    assert b"PRIVATE_FUND@1" not in b"".join(bytes(one) for one in (stored["documents"],))

    async def leave(session: Session) -> None:
        await court.world.base.holder_keys.destroy(play.case.id("hold"), session=session)

    await court.world.base.mongo.transaction(leave)
    for name in ("downloadUrl", "pageUrl"):
        assert (await play.read(package[name])).status_code == 404
    told = await court.ask(PACKAGE, {"id": play.id}, who=REGULATOR)
    assert told.only("dispute")["evidencePackage"]["state"] == "GONE"
    assert verify_evidence(before, court.trust).manifest["dispute"] == play.id


async def test_a_forgery_is_kept_as_it_was_shown_and_named(
    court: Desk, papers: dict[str, Any], tmp_path: Path
) -> None:
    """Sealed all the same: that it was forged is what the file is to show."""
    mallory = Case("mallory")
    await court.tell(*mallory.whole())
    forged = json.loads(json.dumps(papers["PRESENTATION"]))
    forged["verifiableCredential"][0]["credentialNo"] = "AP-2026-999999"
    stranger = json.loads(json.dumps(papers["CREDENTIAL"]))
    stranger["proof"] = [one for one in stranger["proof"] if ISSUER_DID not in str(one)]
    sealed = await Play(court, mallory).whole(
        {**papers, "PRESENTATION": forged, "CREDENTIAL": stranger}
    )
    file, page = tmp_path / "evidence.json", tmp_path / "evidence.html"
    file.write_bytes(sealed)
    trust = court.world.settings.data / "trust.json"
    command = [sys.executable, "-m", "ledger_adapter", "verify-evidence", str(file)]
    done = await asyncio.to_thread(_run, [*command, "--trust", str(trust), "--html", str(page)])
    assert done.returncode == 1
    wrong = {
        line.split("inside", 1)[1].strip() for line in done.stdout.splitlines() if "  NO  " in line
    }
    assert wrong == {
        "CREDENTIAL /: the issuer's signature: PROOF_MISSING",
        "PRESENTATION /proof: the holder's signature on the presentation: PROOF_INVALID",
        "PRESENTATION /verifiableCredential/0: the issuer's signature: PROOF_INVALID",
        "PRESENTATION /verifiableCredential/0: the holder's countersignature: PROOF_INVALID",
    }
    assert done.stdout.rstrip().splitlines()[-2].startswith("THE FILE IS AS IT WAS SEALED")
    assert page.read_text(encoding="utf-8").count("PROOF_INVALID") == 3


async def test_what_she_had_agreed_to_before_is_proved_with_its_versions(court: Desk) -> None:
    """Of each text that comes before a use the newest version of that day, and her consent; what
    came later, belongs to another step or was granted to somebody else is no part of it."""
    play = Play(court, Case("ida"))
    case = play.case
    before = [("ROOT_DID", 1), ("USE", 1), ("USE", 2), ("ISSUANCE", 1), ("CUSTODY", 1)]
    await court.tell(*case.activated(), *(case.agreed(*one) for one in before))
    elsewhere = replace(case.consented(), event_id=EventId("elsewhere"), institutions=(STRANGER,))
    await court.tell(elsewhere, case.consented(), case.presented(), case.accepted(), case.ended())
    await court.tell(case.agreed("USE", 3))
    evidence = verify_evidence(await play.whole(), court.trust)
    told: list[Any] = [event.envelope for event in evidence.events]
    agreed = [one["body"] for one in told if one["kind"] == "AGREEMENT_SIGNED"]
    assert [(one["agreementStage"], one["version"]) for one in agreed] == [
        ("ROOT_DID", 1),
        ("USE", 2),
    ]
    consents = [one["institutions"] for one in told if one["kind"] == "CONSENT_GRANTED"]
    assert consents == [[VERIFIER]]
    assert "CREDENTIAL_ACTIVATED" in {one["kind"] for one in told}, "it was accepted then"
    assert Step("agreed", "ROOT_DID.UNDERTAKING@1, USE.UNDERTAKING@2") in evidence.steps


async def test_an_application_rests_on_the_texts_before_it(court: Desk) -> None:
    play = Play(court, Case("jan"))
    texts = [play.case.agreed(stage, 1) for stage in ("ROOT_DID", "ISSUANCE", "USE")]
    await court.tell(*texts, *play.case.activated())
    await play.open("cred", "APPLICATION_DENIED")
    await play.seal(ISSUER_DESK)
    package = await play.package(ISSUER_DESK)
    raw = (await play.read(package["downloadUrl"])).content
    steps = verify_evidence(raw, court.trust).steps
    assert Step("agreed", "ISSUANCE.UNDERTAKING@1, ROOT_DID.UNDERTAKING@1") in steps


async def test_what_is_denied_stays_in_however_much_came_after(court: Desk) -> None:
    play = Play(court, Case("kay"))
    case = play.case
    await court.tell(*case.activated(), case.consented(), case.presented(), case.accepted())
    await court.tell(*(case.endorsed(number) for number in range(2 * MOST_EVENTS)))
    evidence = verify_evidence(await play.whole(), court.trust)
    kinds = [event.envelope["kind"] for event in evidence.events]
    assert {"PRESENTATION_SUBMITTED", "CONSENT_GRANTED", "DISPUTE_OPENED"} <= set(kinds)
