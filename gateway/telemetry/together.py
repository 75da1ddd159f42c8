"""The metrics of several workers on one page, told apart by a label.

They are not added up here: a worker that is replaced counts from zero, which a sum would show as
requests taken back. Prometheus adds them rightly: `sum without (worker) (rate(...))`.
"""

from collections.abc import Iterator, Mapping

from prometheus_client import generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector


def together(pages: Mapping[int, bytes | None]) -> bytes:
    """One page of the pages by worker; None is a worker that said nothing."""
    return generate_latest(_Pages(pages))


class _Pages(Collector):
    def __init__(self, pages: Mapping[int, bytes | None]) -> None:
        self._pages = pages

    def collect(self) -> Iterator[Metric]:
        """Every family once, with all workers' samples."""
        families: dict[str, Metric] = {}
        for worker, page in self._pages.items():
            for family in text_string_to_metric_families((page or b"").decode()):
                own = Metric(family.name, family.documentation, family.type)
                known = families.setdefault(family.name, own)
                for sample in family.samples:
                    labels = {**sample.labels, "worker": str(worker)}
                    known.samples.append(sample._replace(labels=labels))
        yield from families.values()
        up = GaugeMetricFamily(
            "credgraph_worker_up", "Whether a worker told its metrics.", labels=["worker"]
        )
        for worker, page in self._pages.items():
            up.add_metric([str(worker)], float(page is not None))
        yield up
