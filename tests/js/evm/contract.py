"""The registry contract compiled anew: `python -m tests.js.evm.contract [--write | --analyse]`.

Without an option it fails when the committed ABI, bytecode or code hash is not what the compiler
makes of the committed source; with --analyse also when Slither, from an environment of its own
beside ours (it brings 50 packages), finds anything in the source.
"""

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any, Final

from gateway.graphiql.node import Node
from ledger_adapter.evidence.keccak import keccak256
from tests.js.evm import FOLDER, compiled, packages

ROOT: Final = Path(__file__).parents[3]
SOURCE: Final = ROOT / "ledger_adapter/chains/evm/contract/LogRegistry.sol"
COMMITTED: Final = SOURCE.with_name("registry.json")
SETTINGS: Final[dict[str, Any]] = {
    "optimizer": {"enabled": True, "runs": 200},
    "evmVersion": "paris",  # older genesis files know no newer instruction
    "metadata": {"bytecodeHash": "none", "appendCBOR": False},
    "outputSelection": {
        "*": {"*": ["abi", "evm.bytecode", "evm.deployedBytecode", "storageLayout"]}
    },
}
ANALYSER: Final = ROOT / ".venv/slither"
SLITHER: Final = "slither-analyzer==0.11.6"
CHECKED_BY: Final = ("slither 0.11.6", "invariant tests on anvil 1.7.1")


def request() -> dict[str, Any]:
    """solc's standard JSON for the one source."""
    source = {"content": SOURCE.read_text(encoding="utf-8")}
    return {"language": "Solidity", "sources": {SOURCE.name: source}, "settings": SETTINGS}


def built() -> dict[str, Any]:
    """What registry.json must say."""
    answer = compiled(request())
    problems = [each["formattedMessage"] for each in answer.get("errors", ())]
    assert not problems, problems
    made = answer["contracts"][SOURCE.name]["LogRegistry"]
    assert not made["evm"]["deployedBytecode"].get("immutableReferences"), "the code hash varies"
    runtime = bytes.fromhex(made["evm"]["deployedBytecode"]["object"])
    return {
        "source": SOURCE.name,
        "sourceHash": keccak256(SOURCE.read_bytes()).hex(),
        "compiler": "solc 0.8.37, optimizer 200 runs, evmVersion paris",
        "codeHash": keccak256(runtime).hex(),
        "checkedBy": list(CHECKED_BY),
        "storage": {each["label"]: int(each["slot"]) for each in made["storageLayout"]["storage"]},
        "abi": made["abi"],
        "bytecode": made["evm"]["bytecode"]["object"],
    }


def analysed() -> int:
    """Slither's exit code: 0 when no detector finds anything."""
    if not (ANALYSER / "bin/slither").is_file():
        venv.create(ANALYSER, with_pip=True)
        pip = [str(ANALYSER / "bin/pip"), "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, SLITHER], check=True)
    node = packages()
    assert isinstance(node, Node), node
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        compiler = folder / "solc"
        compiler.write_text(f'#!/bin/sh\nexec "{node.executable}" "{FOLDER}/solc.mjs" "$@"\n')
        compiler.chmod(0o700)
        asked = request()
        asked["settings"]["outputSelection"] = {
            "*": {"*": ["abi", "evm", "devdoc", "userdoc", "metadata"], "": ["ast"]}
        }
        (folder / "request.json").write_text(json.dumps(asked))
        (folder / SOURCE.name).write_bytes(SOURCE.read_bytes())
        slither = [str(ANALYSER / "bin/slither"), "request.json", "--solc", str(compiler)]
        options = ["--compile-force-framework", "solc-json", "--fail-pedantic"]
        return subprocess.run([*slither, *options], check=False, cwd=folder).returncode


def main() -> int:
    """0 when the committed file is what the compiler makes."""
    text = json.dumps(built(), indent=1) + "\n"
    if "--write" in sys.argv[1:]:
        COMMITTED.write_text(text, encoding="utf-8")
        print(f"{COMMITTED.relative_to(ROOT)} written")
        return 0
    if COMMITTED.read_text(encoding="utf-8") != text:
        print(f"{COMMITTED.relative_to(ROOT)} is not what solc makes of {SOURCE.name}")
        return 1
    print(f"{COMMITTED.relative_to(ROOT)} is what solc makes of {SOURCE.name}")
    return analysed() if "--analyse" in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
