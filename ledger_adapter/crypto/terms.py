"""How a deployment's key files are opened, and with which SM2: the `key_files:` part of a section.

Plain files are taken in demo mode only. The passphrase comes as text (from the environment) or as
the first line of a file; it shows in no repr, no log line and no error.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Final, Self

from ledger_adapter.crypto.keys import load_private_key
from ledger_adapter.crypto.sealing import Passphrase
from ledger_adapter.crypto.sm2 import PROVIDERS, PrivateKey, use_provider
from ledger_adapter.errors import BadKey, BadSettings

_KNOWN: Final = ("passphrase", "passphrase_file", "sm2_provider")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTerms:
    """`provider` None is the first that works, in the order of `sm2.PROVIDERS`."""

    passphrase: Passphrase | None = None
    plain: bool = False
    provider: str | None = None

    @classmethod
    def from_mapping(cls, values: object, *, demo: bool, place: str) -> Self:
        """Read the part, absent or with empty texts; raises BadSettings naming the key."""
        part = {} if values is None else values
        if not isinstance(part, Mapping):
            raise BadSettings(f"{place}: a section is expected")
        for name, value in part.items():
            if name not in _KNOWN:
                raise BadSettings(f"{place}.{name}: unknown key (known: {', '.join(_KNOWN)})")
            if not isinstance(value, str):
                raise BadSettings(f"{place}.{name}: must be text")
        text, file, provider = (str(part.get(name, "")) for name in _KNOWN)
        if provider and provider not in PROVIDERS:
            raise BadSettings(f"{place}.sm2_provider: one of {', '.join(PROVIDERS)}")
        try:
            passphrase = read_passphrase(text=text, file=file)
        except BadKey as fault:
            raise BadSettings(f"{place}: {fault}") from None
        return cls(passphrase=passphrase, plain=demo, provider=provider or None)

    def load(self, path: str | PathLike[str]) -> PrivateKey:
        """The key in a file; BadKey or DecryptionFailed where these terms do not open it."""
        return load_private_key(path, passphrase=self.passphrase, plain=self.plain)

    def start(self) -> str:
        """Pin and test the provider before anything is signed; its name, for the log."""
        return use_provider(self.provider)


def read_passphrase(*, text: str = "", file: str = "") -> Passphrase | None:
    """None when neither is given; BadKey names the file, never what it holds."""
    if text and file:
        raise BadKey("a passphrase is given twice: as text and as a file")
    if file:
        try:
            text = Path(file).read_text(encoding="utf-8").split("\n", 1)[0].rstrip("\r")
        except (OSError, UnicodeDecodeError) as fault:
            reason = type(fault).__name__
            raise BadKey(f"the passphrase file {file} cannot be read: {reason}") from None
        return Passphrase(text)
    return Passphrase(text) if text else None
