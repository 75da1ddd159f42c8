"""Where SDL comes from: files, patterns of files, running subgraphs; and what goes wrong there."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gateway.cli.compose import run

LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\n'
SDL = LINK + 'type Query { t: T }\ntype T @key(fields: "id") { id: ID! }\n'


class Subgraph(BaseHTTPRequestHandler):
    """Answers each path in its own way; refuses /guarded without its header."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        assert "_service" in asked["query"]
        good = json.dumps({"data": {"_service": {"sdl": SDL}}})
        match self.path:
            case "/good":
                self._say(200, "application/json", good)
            case "/guarded" if self.headers["authorization"] == "Bearer s":
                self._say(200, "application/json", good)
            case "/guarded":
                errors = {"errors": [{"message": "who are you?"}]}
                self._say(401, "application/json", json.dumps(errors))
            case "/other":
                self._say(200, "application/json", '{"data": {"_service": null}}')
            case _:
                self._say(502, "text/html; charset=utf-8", "<html>Bad Gateway\n</html>")

    def _say(self, status: int, kind: str, text: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """The tests' output is not this server's."""


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Subgraph)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def compose(folder: Path, config: str, *more: str) -> int:
    (folder / "supergraph.yaml").write_text(config, encoding="utf-8")
    return run(["--config", str(folder / "supergraph.yaml"), *more])


def test_a_running_subgraph_tells_its_own_sdl(tmp_path: Path, origin: str) -> None:
    assert compose(tmp_path, f"subgraphs: {{a: {{url: '{origin}/good'}}}}") == 0
    written = (tmp_path / "supergraph.graphql").read_text(encoding="utf-8")
    assert f'url: "{origin}/good"' in written


def test_it_may_be_asked_elsewhere_and_with_headers(tmp_path: Path, origin: str) -> None:
    config = f"""
subgraphs:
  a: {{url: http://a, ask: '{origin}/guarded', headers: {{authorization: Bearer s}}}}
"""
    assert compose(tmp_path, config) == 0
    assert 'url: "http://a"' in (tmp_path / "supergraph.graphql").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        pytest.param("/html", "answered 502 with text/html instead of JSON: '<html>", id="HTML"),
        pytest.param("/guarded", "answered 401 without its SDL: who are you?", id="refused"),
        pytest.param("/other", "the answer holds no data._service.sdl", id="no SDL"),
    ],
)
def test_a_subgraph_that_gives_no_sdl_is_named(
    tmp_path: Path, origin: str, path: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compose(tmp_path, f"subgraphs: {{a: {{url: '{origin}{path}'}}}}") == 1
    written = capsys.readouterr().err
    assert "error SUBGRAPH_NOT_READ: [a] " in written
    assert said in written
    assert "what to do: " in written


def test_what_cannot_be_read_is_told_beside_the_faults_of_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "c.graphql").write_text("type Query { q: Nope }", encoding="utf-8")
    (tmp_path / "d.graphql").write_bytes(b"\xff")
    (tmp_path / "supergraph.graphql").write_text("old", encoding="utf-8")
    config = """
timeout: 2
subgraphs:
  a: {url: "http://127.0.0.1:1/graphql"}
  b: {url: u, file: "none/*.graphql"}
  c: {url: u, file: c.graphql}
  d: {url: u, file: d.graphql}
  e: {url: u, file: e.graphql}
"""
    assert compose(tmp_path, config) == 1
    said = capsys.readouterr().err
    for sentence in (
        "[a] no answer from http://127.0.0.1:1/graphql",
        "[b] no file is called",
        "Unknown type 'Nope'",
        "d.graphql: it is not UTF-8 text",
        "e.graphql: No such file or directory",
    ):
        assert sentence in said
    assert "5 error(s)" in said
    assert (tmp_path / "supergraph.graphql").read_text(encoding="utf-8") == "old"


def test_a_pattern_joins_files_and_places_lead_back_to_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = tmp_path / "parts"
    parts.mkdir()
    (parts / "1.graphql").write_text(SDL, encoding="utf-8")
    (parts / "2.graphql").write_text("extend type T {\n  x: Int\n}", encoding="utf-8")
    config = "subgraphs: {a: {url: u, file: 'parts/*.graphql'}}\napi: api.graphql"
    assert compose(tmp_path, config) == 0
    assert "x: Int" in (tmp_path / "api.graphql").read_text(encoding="utf-8")
    (parts / "2.graphql").write_text("extend type T {\n  x: Nope\n}", encoding="utf-8")
    assert compose(tmp_path, config) == 1
    assert f"  {parts / '2.graphql'}:2:6\n    |   x: Nope\n" in capsys.readouterr().err


def test_a_broken_subgraph_does_not_make_others_look_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.graphql").write_text("type Query { t: T } type T {", encoding="utf-8")
    (tmp_path / "b.graphql").write_text(
        'extend type T @key(fields: "id") { id: ID @external }', encoding="utf-8"
    )
    files = "a: {url: u, file: a.graphql}, b: {url: u, file: b.graphql}"
    assert compose(tmp_path, f"subgraphs: {{{files}}}") == 1
    assert "1 error(s)" in capsys.readouterr().err
