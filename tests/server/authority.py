"""Certificates made on the spot: an authority, and whom it vouches for."""

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


@dataclass(frozen=True, slots=True)
class Authority:
    """Its own certificate lies in `ca`."""

    folder: Path
    name: str = "authority"
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    @property
    def ca(self) -> Path:
        path = self.folder / f"{self.name}.pem"
        if not path.exists():
            self._write(path, self._certificate(self.name, self.key, authority=True))
        return path

    def vouch(self, whom: str) -> dict[str, str]:
        """`certificate` and `key` files of somebody on this machine."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate, secret = (self.folder / f"{self.name}-{whom}{end}" for end in (".pem", ".key"))
        self._write(certificate, self._certificate(whom, key, authority=False))
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        secret.write_bytes(pem)
        return {"certificate": str(certificate), "key": str(secret)}

    def _certificate(
        self, whom: str, key: ec.EllipticCurvePrivateKey, *, authority: bool
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        return (
            x509.CertificateBuilder(_name(self.name), _name(whom), key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(minutes=5))
            .not_valid_after(now + dt.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(names, critical=False)
            .sign(self.key, hashes.SHA256())
        )

    @staticmethod
    def _write(path: Path, certificate: x509.Certificate) -> None:
        path.write_bytes(certificate.public_bytes(Encoding.PEM))
