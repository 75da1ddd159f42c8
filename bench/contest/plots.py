"""The figures as pictures: who costs what, and how our cost grows."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench.contest.contestants import OURS
from bench.contest.growth import Series
from bench.contest.page import Results

_INK: Final = {True: "#1f6feb", False: "#b8c0cc"}


def _saved(figure: Figure, path: Path) -> None:
    FigureCanvasAgg(figure)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, metadata={"Software": None})


def plot_contest(results: Results, titles: Mapping[str, str], path: Path) -> None:
    """One panel for each work, one bar for each gateway."""
    count = max(len(results), 1)
    rows = (count + 1) // 2
    figure = Figure(figsize=(11, 0.6 + 1.9 * rows), layout="constrained")
    for place, (key, costs) in enumerate(results.items(), 1):
        axes = figure.add_subplot(rows, min(count, 2), place)
        shown = list(costs.values())[::-1]
        colours = [_INK[each.name == OURS] for each in shown]
        bars = axes.barh([each.name for each in shown], [each.cpu for each in shown], color=colours)
        axes.bar_label(bars, labels=[f"{each.cpu:.2f}" for each in shown], padding=3, fontsize=8)
        axes.margins(x=0.15)
        axes.set_title(titles.get(key, key), fontsize=9, loc="left")
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    figure.supxlabel("CPU seconds of the gateway per 1000 requests", fontsize=9)
    _saved(figure, path)


def plot_growth(series: Sequence[Series], path: Path) -> None:
    """Both series on linear scales, each with the straight line through its ends."""
    figure = Figure(figsize=(11, 3.4), layout="constrained")
    for place, each in enumerate(series, 1):
        axes = figure.add_subplot(1, max(len(series), 1), place)
        sizes, costs = [p.size for p in each.points], [p.cpu for p in each.points]
        ends = ([sizes[0], sizes[-1]], [costs[0], costs[-1]])
        axes.plot(*ends, color=_INK[False], linestyle="--", label="a straight line")
        axes.plot(sizes, costs, color=_INK[True], marker="o", label="measured")
        alone = [p.alone for p in each.points if p.alone is not None]
        if alone:
            axes.plot(sizes, alone, color=_INK[True], linestyle=":", label="orjson alone")
        axes.set_xlabel(each.unit, fontsize=9)
        axes.set_ylabel("CPU ms per request", fontsize=9)
        axes.set_ylim(bottom=0)
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(fontsize=8, frameon=False)
    _saved(figure, path)
