"""Our tallies say what the library's own metrics would say."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from gateway.telemetry.tallies import Counts, Timings

BOUNDS = (0.001, 0.5, 1.0, 30.0)
SECONDS = st.one_of(st.sampled_from(BOUNDS), st.integers(0, 40_000).map(lambda n: n / 1_000))
WORDS = st.sampled_from(["ok", "errors", 'a "quoted"\nword'])


def told(registry: CollectorRegistry) -> list[str]:
    """Its page; when something was first counted is not told by us."""
    lines = generate_latest(registry).decode().splitlines()
    return sorted(line for line in lines if "_created" not in line)


@given(st.lists(st.tuples(SECONDS, WORDS, WORDS), max_size=30))
def test_timings(seen: list[tuple[float, str, str]]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    timings = Timings("taken_seconds", "How long.", ["who", "how"], BOUNDS, ours)
    library = Histogram(
        "taken_seconds", "How long.", ["who", "how"], buckets=BOUNDS, registry=theirs
    )
    for seconds, who, how in seen:
        timings.observe(seconds, who, how)
        library.labels(who, how).observe(seconds)
    assert told(ours) == told(theirs)


@given(st.lists(WORDS, max_size=30))
def test_counts(seen: list[str]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    counts = Counts("asked", "How often.", ["how"], ours)
    library = Counter("asked", "How often.", ["how"], registry=theirs)
    for how in seen:
        counts.add(how)
        library.labels(how).inc()
    assert told(ours) == told(theirs)
