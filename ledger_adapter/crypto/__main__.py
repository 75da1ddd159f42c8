"""`python -m ledger_adapter.crypto new|seal|show FILE`: key files for operators.

The passphrase is asked for on a terminal, else read as the first line of standard input; it never
stands on the command line.
"""

import argparse
import getpass
import sys
from pathlib import Path

from ledger_adapter.crypto import keys, multikey
from ledger_adapter.crypto.sealing import Passphrase
from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.errors import BadKey, CryptoError


def main(arguments: list[str]) -> int:
    """0, or 1 with one sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m ledger_adapter.crypto")
    parser.add_argument("verb", choices=["new", "seal", "show"])
    parser.add_argument("file", type=Path)
    asked = parser.parse_args(arguments)
    try:
        key = _key(asked.verb, asked.file)
    except (CryptoError, OSError) as fault:
        print(f"{asked.verb} {asked.file}: {fault}", file=sys.stderr)
        return 1
    print(multikey.encode_sm2(key.public_key))
    return 0


def _key(verb: str, file: Path) -> PrivateKey:
    if verb == "show":
        return keys.load_private_key(file, passphrase=_passphrase())
    if verb == "new" and file.exists():
        raise BadKey("there is a file of this name already")
    key = PrivateKey.generate() if verb == "new" else keys.load_private_key(file)
    keys.save_private_key(file, key, passphrase=_passphrase())
    return key


def _passphrase() -> Passphrase:
    if sys.stdin.isatty():
        return Passphrase(getpass.getpass("passphrase: "))
    return Passphrase(sys.stdin.readline().rstrip("\n"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
