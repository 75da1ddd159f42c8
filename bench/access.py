"""What authentication and filtering add to a request, in microseconds of CPU of one core.

Warm: the token was verified before and its plan is kept. Cold: the token is new (its signature is
verified), the decision too; planning itself is what any new operation costs and is told apart.
Run it as `python -m bench.access`; the bounds are 60 us warm and 400 us cold.
"""

import secrets
import statistics
import time
from collections.abc import Callable

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from graphql import OperationDefinitionNode, parse

from gateway.access import Guarded, refuse
from gateway.access.grants import GrantRules
from gateway.access.guarded import read_guarded
from gateway.auth.context import ContextRules, ContextTokens, request_seal
from gateway.auth.keys import VerificationKey, asymmetric_algorithms
from gateway.auth.revoked import Revoked
from gateway.auth.tokens import TokenVerifier, TrustedIssuer
from gateway.auth.viewer import Viewer
from gateway.engine.refused import refused_errors
from gateway.server.granting import Granting
from gateway.spec.names import GUARD_IDENTITIES, SubgraphName
from gateway.supergraph.api_schema import build_api_schema
from gateway.supergraph.reader import read_supergraph
from tests.access.graph import GUARDED_SDLS
from tests.engine.pair import composed

ROUNDS = 7
TIMES = 2_000
REQUEST_ID = secrets.token_hex(8)
SUBGRAPHS = tuple(map(SubgraphName, ("issuer", "wallet", "verifier", "audit")))
QUERY = """{ hello me { name email phone } pets { name }
  user(id: "u1") { name reviews { body hidden } } }"""


def main() -> None:
    bench = Bench()
    figures = {
        "warm: token, revocation list, grants, decision, four sealed contexts": bench.warm,
        "cold: the same with a token never seen": bench.cold,
        "cold: which selections are refused": bench.refused,
    }
    for name, work in figures.items():
        print(f"{name:70s} {_microseconds(work):8.1f} us")


class Bench:
    """A gateway's authentication without its doors."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        known = VerificationKey(kid="k", algorithm="EdDSA", key=self._key.public_key())
        trusted = TrustedIssuer(issuer="i", audience="a", keys=(known,))
        self._tokens = TokenVerifier([trusted], algorithms=asymmetric_algorithms({}))
        listed = frozenset(secrets.token_hex(8) for _ in range(10_000))
        self._tokens.revoke(Revoked(tokens=listed))
        self._granting = Granting(rules=GrantRules(), holds=self._tokens.holds)
        rules = ContextRules(issuer="g", claims=("role", "institution"))
        self._contexts = ContextTokens(
            Ed25519PrivateKey.generate(), rules, now=time.time, unique=lambda: secrets.token_hex(8)
        )
        supergraph = read_supergraph(composed(GUARDED_SDLS), understood=GUARD_IDENTITIES)
        self._schema = build_api_schema(supergraph)
        self._guarded: Guarded = read_guarded(supergraph.document)
        self._document = parse(QUERY)
        (self._operation,) = (
            each for each in self._document.definitions if isinstance(each, OperationDefinitionNode)
        )
        self._warm_token = self._signed()
        self._fresh = iter([self._signed() for _ in range(ROUNDS * TIMES)])

    def warm(self) -> None:
        viewer = self._tokens.viewer(self._warm_token, time.time())
        self._granted(viewer)

    def cold(self) -> None:
        viewer = self._tokens.viewer(next(self._fresh), time.time())
        self._granted(viewer)

    def refused(self) -> None:
        found = refuse(
            self._guarded,
            self._schema,
            self._document,
            self._operation,
            self._granting.of(Viewer()),
            spend=lambda: None,
        )
        refused_errors(found.refused, {})

    def _granted(self, viewer: Viewer) -> None:
        grants = self._granting.of(viewer)
        self._granting.watch(viewer, grants)
        hash((QUERY, None, self._guarded.decision(grants)))
        for subgraph in SUBGRAPHS:
            request_seal(self._contexts.token(subgraph, viewer), REQUEST_ID)

    def _signed(self) -> str:
        now = int(time.time())
        claims = {
            "iss": "i",
            "aud": "a",
            "sub": "s",
            "iat": now,
            "exp": now + 3600,
            "jti": secrets.token_hex(8),
            "role": "HOLDER",
            "institution": "inst_1",
            "scope": "read:users read:email a b",
        }
        token = jwt.encode(claims, self._key, algorithm="EdDSA", headers={"kid": "k"})
        return f"Bearer {token}"


def _microseconds(work: Callable[[], None]) -> float:
    """The median of rounds."""
    found = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        for _ in range(TIMES):
            work()
        found.append((time.process_time() - begun) / TIMES * 1e6)
    return statistics.median(found)


if __name__ == "__main__":
    main()
