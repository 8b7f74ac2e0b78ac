"""Figures of results: each takes data and an `ax`, draws, and returns the `ax`.

One colour per emotion everywhere, told apart by colour-blind readers (Okabe & Ito
2008, "Color Universal Design"; their yellow is darkened to show on white).
"""

import itertools
from collections.abc import Callable, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix

from ..corpora import EMOTIONS

COLOURS = {
    "neutral": "#7f7f7f",
    "calm": "#56b4e9",
    "happy": "#e69f00",
    "sad": "#0072b2",
    "angry": "#d55e00",
    "fear": "#cc79a7",
    "disgust": "#009e73",
    "surprise": "#c2ad00",
    "boredom": "#4d2c16",
}


def style() -> None:
    """Set the look of all figures: readable at the width of a web page."""
    look = dict(context="notebook", style="whitegrid", font_scale=0.9)
    sns.set_theme(**look, palette=_LINES)
    plt.rcParams.update({"figure.dpi": 100, "savefig.dpi": 110, "axes.titleweight": "bold"})
    plt.rcParams.update({"axes.titlelocation": "left", "figure.constrained_layout.use": True})


def panels(n: int, height: float, *, columns: int = 2) -> tuple[Figure, list[Axes]]:
    """Return a figure of `n` panels, each row `height` inches high."""
    rows = -(-n // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(11, height * rows), squeeze=False)
    for ax in axes.flat[n:]:
        ax.remove()
    return figure, list(axes.flat[:n])


def present(emotions: pd.Series) -> list[str]:
    """Return the emotions that occur, in the project's order."""
    found = set(emotions)
    return [emotion for emotion in EMOTIONS if emotion in found]


def history(curves: dict[str, list[float]], axes: Sequence[Axes], *, kept: int) -> Sequence[Axes]:
    """Draw accuracy and, on a second axis if given, loss per epoch; mark the epoch `kept`."""
    for ax, name in zip(axes, ("accuracy", "loss"), strict=False):
        epochs = np.arange(1, len(curves[name]) + 1)
        ax.plot(epochs, curves[name], color="#0072b2", label="training")
        if f"val_{name}" in curves:
            look = dict(color="#d55e00", linestyle="--", label="validation")
            ax.plot(epochs, curves[f"val_{name}"], **look)
        ax.axvline(kept + 1, color="#7f7f7f", linestyle=":", label=f"kept: epoch {kept + 1}")
        ax.set(xlabel="epoch", ylabel=name)
        if name == "loss" and "val_loss" in curves:
            ax.set_ylim(0, np.quantile(curves["val_loss"], 0.9) * 1.2)
    axes[0].legend(frameon=True)
    return axes


def confusion(predictions: pd.DataFrame, ax: Axes) -> Axes:
    """Draw the confusion matrix in percent of each true emotion; what never happened is blank."""
    order = present(pd.concat([predictions.emotion, predictions.predicted]))
    table = confusion_matrix(predictions.emotion, predictions.predicted, labels=order)
    share = 100 * table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    sns.heatmap(
        pd.DataFrame(share, order, order),
        annot=np.where(table > 0, np.char.mod("%.0f", share), ""),
        fmt="",
        cmap="Blues",
        vmin=0,
        vmax=100,
        cbar=False,
        square=True,
        linewidths=0.5,
        ax=ax,
    )
    ax.set(xlabel="predicted", ylabel="recorded as")
    return ax


def intervals(table: pd.DataFrame, ax: Axes, *, chance: float | Sequence[float]) -> Axes:
    """Draw UAR with its 95 % interval, a line per row of (label, uar, uar_low, uar_high, corpus).

    Rows stand from top to bottom; the marker tells the corpus. `chance` is that of all rows, or
    one a row.
    """
    for i, row in enumerate(table.itertuples()):
        colour, marker = _CORPUS_LOOK.get(row.corpus, ("#7f7f7f", "s"))
        ax.plot([row.uar_low, row.uar_high], [i, i], color=colour, linewidth=2.5, alpha=0.6)
        ax.plot(row.uar, i, marker=marker, color=colour, markersize=9)
        end = np.nanmax([row.uar, row.uar_high])  # a single speaker has no interval
        ax.annotate(f"{row.uar:.3f}", (end, i), (6, -4), textcoords="offset points")
    low = len(table) - 0.5
    each = np.broadcast_to(chance, len(table))
    ax.vlines(each, np.arange(len(table)) - 0.5, np.arange(len(table)) + 0.5, "#7f7f7f", ":")
    ax.annotate("chance", (each[-1], low), (3, 2), textcoords="offset points", fontsize="small")
    ax.set_yticks(range(len(table)), table.label)
    ax.invert_yaxis()
    ax.set(xlim=(0, 1.1), xlabel="unweighted average recall, 95 % interval")
    ax.set_xticks(np.linspace(0, 1, 6))
    return ax


def falls(table: pd.DataFrame, ax: Axes) -> Axes:
    """Draw how each system falls from protocol to protocol, a line per row of the table.

    Parameters
    ----------
    table : DataFrame, a row a system, a column a protocol, from leaky to honest; NaN where none
    ax : Axes
    """
    for i, (_, row) in enumerate(table.iterrows()):
        ax.plot([row.min(), row.max()], [i, i], color="#bbbbbb", linewidth=2, zorder=1)
    looks = zip(table, ("#d55e00", "#e69f00", "#0072b2", "#009e73"), "Xos^", strict=False)
    for name, colour, marker in looks:
        ax.scatter(table[name], range(len(table)), s=70, color=colour, marker=marker, label=name)
    ax.set_yticks(range(len(table)), table.index)
    ax.invert_yaxis()
    ax.figure.legend(loc="outside lower center", ncols=4, frameon=False)
    return ax


def people(scored: pd.DataFrame, ax: Axes, *, chance: float) -> Axes:
    """Draw a bar per speaker, in the colour of their gender: the worst served first.

    Parameters
    ----------
    scored : DataFrame, a row a speaker with uar and gender, from worst to best
    ax : Axes
    chance : float
    """
    names = scored.index.str.rpartition(":").get_level_values(-1)
    ax.bar(names, scored.uar, color=scored.gender.map(_GENDER_COLOURS))
    ax.axhline(chance, color="#7f7f7f", linestyle=":", label="chance")
    for gender, colour in _GENDER_COLOURS.items():
        ax.bar([0], [0], color=colour, label=gender)
    ax.legend(frameon=True)
    ax.set(xlabel="speaker", ylabel="UAR", ylim=(0, 1), xlim=(-0.6, len(scored) - 0.4))
    return ax


def curves(table: pd.DataFrame, ax: Axes) -> Axes:
    """Draw a line per row over the columns, each with a marker of its own."""
    for (name, row), marker in zip(table.iterrows(), itertools.cycle(_MARKERS), strict=False):
        ax.plot(table.columns, row, marker=marker, label=name)
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return ax


def reliability(bins: dict[str, pd.DataFrame], ax: Axes, *, sized: bool = True) -> Axes:
    """Draw how often right answers are by how sure they are, a curve per named table of bins.

    Where `sized`, the more clips a bin has, the larger its point.
    """
    ax.plot([0, 1], [0, 1], ":", color="#7f7f7f", label="as sure as right")
    for (name, table), marker in zip(bins.items(), itertools.cycle(_MARKERS), strict=False):
        (line,) = ax.plot(table.confidence, table.accuracy, marker=marker, label=name)
        look = dict(color=line.get_color(), marker=marker)
        if sized:
            ax.scatter(table.confidence, table.accuracy, 150 * table.n / table.n.max(), **look)
    ax.set(xlim=(0, 1), ylim=(0, 1), xlabel="how sure it is", ylabel="share that is right")
    ax.legend(frameon=True, fontsize="small")
    return ax


def points(tables: dict[str, pd.DataFrame], ax: Axes, *, names: Callable[[str], str]) -> Axes:
    """Draw UAR with its interval, a line per corpus, on it a point per named system.

    Parameters
    ----------
    tables : dict, system -> DataFrame with uar, uar_low and uar_high, a row per corpus
    ax : Axes
    names : callable, takes a corpus and returns what it is called
    """
    rows = list(max(tables.values(), key=len).index)
    looks = zip(("#7f7f7f", "#e69f00", "#0072b2", "#009e73"), "Xso^", strict=True)
    for k, ((name, table), (colour, marker)) in enumerate(zip(tables.items(), looks, strict=False)):
        y = np.array([rows.index(corpus) for corpus in table.index]) + 0.16 * (k - 1.5)
        ax.hlines(y, table.uar_low, table.uar_high, colors=colour, linewidth=2, alpha=0.5)
        ax.plot(table.uar, y, marker, color=colour, markersize=8, label=name)
    ax.set_yticks(range(len(rows)), [names(corpus) for corpus in rows])
    ax.invert_yaxis()
    ax.set(xlim=(0, 1), xlabel="unweighted average recall, 95 % interval over speakers")
    ax.figure.legend(loc="outside lower center", ncols=4, frameon=False)
    return ax


def differences(table: pd.DataFrame, ax: Axes) -> Axes:
    """Draw differences with their intervals, a line per row of (label, difference, low, high)."""
    for i, row in enumerate(table.itertuples()):
        colour = "#d55e00" if row.high < 0 else "#009e73" if row.low > 0 else "#7f7f7f"
        ax.plot([row.low, row.high], [i, i], color=colour, linewidth=2.5, alpha=0.6)
        ax.plot(row.difference, i, "o", color=colour, markersize=8)
        ax.annotate(f"{row.difference:+.3f}", (row.high, i), (6, -4), textcoords="offset points")
    ax.axvline(0, color="#7f7f7f", linestyle=":")
    ax.set_yticks(range(len(table)), table.label)
    ax.invert_yaxis()
    ax.set(xlabel="difference in UAR, 95 % interval over speakers")
    return ax


_MARKERS = "osD^vX"
_LINES = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#7f7f7f")
_GENDER_COLOURS = {"female": "#cc79a7", "male": "#0072b2"}
_CORPUS_LOOK = {"ravdess": ("#0072b2", "o"), "tess": ("#d55e00", "^")}
