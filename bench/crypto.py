"""`python -m bench.crypto`: what signatures, credentials and presentations cost in CPU time.

SM2 is measured beside `openssl speed sm2` in the same run, because the machine's mood changes both.
Every figure is CPU time of this process, the least of several rounds.
"""

import os
import re
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Final

from bench.calibrate import calibrate
from bench.crypto_world import ISSUERS, World, signed, statement
from ledger_adapter.crypto import sm2
from ledger_adapter.crypto.sm2 import PrivateKey
from subgraphs.vc import lower_bound, model
from subgraphs.vc.did import Did
from subgraphs.vc.disclosure import conceal
from subgraphs.vc.encoding import to_base64url
from subgraphs.vc.lower_bound import Steps
from subgraphs.vc.strict_json import JsonObject

MESSAGE: Final = b"m" * 512
PAIRS: Final = 300
ROUNDS: Final = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table; `most` or `least` is what the issue asks for."""

    name: str
    value: float
    unit: str
    most: float | None = None
    least: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the figure is within what was asked."""
        over = self.most is not None and self.value > self.most
        return not over and (self.least is None or self.value >= self.least)

    def line(self) -> str:
        """Name, figure, wish, and whether it is met."""
        asked = f"<= {self.most:g}" if self.most is not None else ""
        asked = f">= {self.least:g}" if self.least is not None else asked
        verdict = "" if not asked else ("ok" if self.holds else "NOT MET")
        return f"{self.name:<52} {self.value:9.2f} {self.unit:<3} {asked:<8} {verdict}"


def cpu_us(work: Callable[[], object], times: int, rounds: int = 7) -> float:
    """CPU microseconds of one call: the least of some rounds, each the mean of `times`."""
    least = float("inf")
    for _ in range(rounds):
        start = time.process_time_ns()
        for _ in range(times):
            work()
        least = min(least, (time.process_time_ns() - start) / times)
    return least / 1000


def openssl_us() -> tuple[float, float] | None:
    """Sign and verify of `openssl speed sm2`, best of three short runs."""
    best: list[tuple[float, float]] = []
    for _ in range(3):
        command = ["openssl", "speed", "-seconds", "1", "sm2"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError:
            return None
        found = re.search(r"SM2.*?([0-9.]+)\s+([0-9.]+)\s*$", done.stdout, re.MULTILINE)
        if found is None:
            return None
        best.append((1e6 / float(found[1]), 1e6 / float(found[2])))
    return min(sign for sign, _ in best), min(verify for _, verify in best)


def signatures() -> list[Figure]:
    """SM2 beside openssl's own loop, for the provider this machine chooses."""
    key = PrivateKey.generate()
    signature = key.sign(MESSAGE)
    floor = openssl_us()
    sign = cpu_us(lambda: key.sign(MESSAGE), 200)
    verify = cpu_us(lambda: key.public_key.verify(MESSAGE, signature), 200)
    name = sm2.active_provider()
    figures = [
        Figure(name=f"SM2 sign ({name})", value=sign, unit="us"),
        Figure(name=f"SM2 verify ({name})", value=verify, unit="us"),
    ]
    if floor is not None:
        figures += [
            Figure(name="openssl speed sm2, sign", value=floor[0], unit="us"),
            Figure(name="openssl speed sm2, verify", value=floor[1], unit="us"),
            Figure(name="sign / openssl", value=sign / floor[0], unit="x", most=1.3),
            Figure(name="verify / openssl", value=verify / floor[1], unit="x", most=1.3),
        ]
    return figures


def _pairs(number: int) -> None:
    key = PrivateKey.generate()
    for _ in range(number):
        key.public_key.verify(MESSAGE, key.sign(MESSAGE))


def _wall(work: Callable[[], object]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def _threads(count: int) -> float:
    """Wall time until each of the threads has signed and verified PAIRS times."""
    with ThreadPoolExecutor(count) as pool:
        return _wall(lambda: list(pool.map(_pairs, [PAIRS] * count)))


def threads() -> list[Figure]:
    """Whether a second thread helps: the provider has to release the interpreter's lock.

    Each round measures two threads between two single ones, so that a load that comes or goes
    weighs on both, and beside two processes, which share no lock and so show what the machine has
    left for anybody; medians count. On a busy machine the first figure falls, the second does not.
    """
    ratios: list[float] = []
    shares: list[float] = []
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        list(pool.map(_pairs, [1, 1]))  # imports are paid before
        for _ in range(ROUNDS):
            before, two, after = _threads(1), _threads(2), _threads(1)
            apart = _wall(lambda: list(pool.map(_pairs, [PAIRS] * 2)))
            ratios.append((before + after) / two)
            shares.append(apart / two)
    name = f"SM2 in 2 threads / in 1 ({min(ratios):.2f}..{max(ratios):.2f})"
    beside = f"SM2 in 2 threads / in 2 processes, load {os.getloadavg()[0]:.1f}"
    return [
        Figure(name=name, value=statistics.median(ratios), unit="x", least=1.7),
        Figure(name=beside, value=statistics.median(shares), unit="x", least=0.85),
    ]


def issuing() -> list[Figure]:
    """Canonicalise, digest 30 claims, sign, and a chain of 300; then our own asset proof."""
    key, did = PrivateKey.generate(), ISSUERS[0]
    claims: JsonObject = {f"claim{number}": f"value {number}" for number in range(30)}
    document: JsonObject = {"@context": ["https://www.w3.org/ns/credentials/v2"], **claims}
    paths = [f"/{name}" for name in claims]

    def issue() -> JsonObject:
        chain = lower_bound.commit(secrets.token_bytes(32), Steps(300))
        hidden = conceal(document, paths, salts=lambda: secrets.token_bytes(16)).document
        return signed({**hidden, "commitment": to_base64url(chain)}, key, did)

    stated = statement(ISSUERS[0], Did("did:credgraph:somebody"), 0)

    def asset_proof() -> JsonObject:
        built = model.build(
            stated, seed=secrets.token_bytes(32), salts=lambda: secrets.token_bytes(16)
        )
        return signed(built.document, key, did)

    seed = secrets.token_bytes(32)
    link = lower_bound.reveal(seed, Steps(600), Steps(300))
    end = lower_bound.commit(seed, Steps(600))
    return [
        Figure(name="issue: 30 claims, chain of 300", value=cpu_us(issue, 50) / 1000,
               unit="ms", most=2),
        Figure(name="issue: asset proof of 3 lines, chain of 100",
               value=cpu_us(asset_proof, 50) / 1000, unit="ms"),
        Figure(name="check a lower bound of 300 steps",
               value=cpu_us(lambda: lower_bound.check(end, Steps(300), link), 200) / 1000,
               unit="ms", most=1.5),
    ]  # fmt: skip


def presentations() -> list[Figure]:
    """Three credentials with bound, status and chain proof; caches warm, then everything cold."""
    world = World()

    def cold() -> None:
        sm2.forget_keys()
        world.verify(world.trusted())

    trusted = world.trusted()
    warm = cpu_us(lambda: world.verify(trusted), 10) / 1000
    return [
        Figure(name="verify 3 credentials, lists and checkpoint known", value=warm,
               unit="ms", most=8),
        Figure(name="the same cold: keys, 6 lists, checkpoint", value=cpu_us(cold, 5) / 1000,
               unit="ms", most=20),
    ]  # fmt: skip


def main() -> int:
    """Print the table; the exit code says whether every wish is met."""
    figures = [*signatures(), *threads(), *issuing(), *presentations()]
    for figure in figures:
        print(figure.line())
    print(calibrate().line())
    return 0 if all(figure.holds for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
