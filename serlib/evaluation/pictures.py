"""Pictures of clips and of their features: each takes data and an `ax`, draws, returns the `ax`."""

import itertools

import librosa
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .plots import COLOURS, present


def counts(clips: pd.DataFrame, ax: Axes) -> Axes:
    """Draw the number of clips per emotion, a bar per corpus and channel stacked."""
    label = clips.corpus + " " + clips.channel
    table = pd.crosstab(clips.emotion, label).reindex(present(clips.emotion))
    left = np.zeros(len(table))
    hatches = ("", "///", "...", "xxx", "\\\\\\", "ooo", "++")
    for (name, column), hatch in zip(table.items(), itertools.cycle(hatches), strict=False):
        colours = [COLOURS[e] for e in table.index]
        ax.barh(table.index, column, left=left, color=colours, hatch=hatch, edgecolor="white")
        ax.barh([0], [0], color="#bbbbbb", hatch=hatch, edgecolor="white", label=name)
        left += column.to_numpy()
    ax.invert_yaxis()
    ax.set(xlabel="clips", ylabel="")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3, fontsize="small")
    return ax


def distributions(clips: pd.DataFrame, column: str, ax: Axes, *, unit: str) -> Axes:
    """Draw a column's distribution per emotion as boxes (whiskers 5 to 95 %)."""
    order = present(clips.emotion)
    groups = [clips.loc[clips.emotion == e, column].dropna() for e in order]
    boxes = ax.boxplot(
        groups, orientation="horizontal", whis=(5, 95), showfliers=False, patch_artist=True
    )
    for box, median, emotion in zip(boxes["boxes"], boxes["medians"], order, strict=True):
        box.set(facecolor=COLOURS[emotion], alpha=0.75)
        median.set(color="black", linewidth=2)
    ax.set_yticks(range(1, len(order) + 1), order)
    ax.set_ylim(len(order) + 0.5, 0.5)  # from the top; right also where panels share the axis
    ax.set(xlabel=unit)
    return ax


def waveform(y: np.ndarray, sr: int, ax: Axes, *, emotion: str) -> Axes:
    """Draw a signal over time in its emotion's colour."""
    ax.plot(np.arange(len(y)) / sr, y, color=COLOURS[emotion], linewidth=0.4)
    ax.set(xlim=(0, len(y) / sr), ylim=(-1, 1), title=emotion)
    return ax


def mel(y: np.ndarray, sr: int, ax: Axes, *, f0: np.ndarray | None = None) -> Axes:
    """Draw a mel spectrogram in dB below its maximum, with an F0 contour if given."""
    power = librosa.feature.melspectrogram(y=y, sr=sr, n_mels=64, fmax=8000)
    db = librosa.power_to_db(power, ref=np.max)
    librosa.display.specshow(
        db, sr=sr, x_axis="time", y_axis="mel", fmax=8000, ax=ax, cmap="magma", vmin=-70, vmax=0
    )
    if f0 is not None:
        times = librosa.times_like(f0, sr=sr)
        ax.plot(times, f0, color="white", linewidth=3)
        ax.plot(times, f0, color="#00c8ff", linewidth=1.5)
    ax.set(xlabel="s", ylabel="Hz")
    return ax


def heard(
    y: np.ndarray, sr: int, axes: np.ndarray, *, weights: np.ndarray | None = None, span: float = 0
) -> np.ndarray:
    """Draw what a system heard of a clip: waveform, mel spectrogram, and its attention if any.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
    sr : int, Hz
    axes : two axes, one above the other
    weights : np.ndarray [shape=(steps,)] or None, attention, drawn over the waveform
    span : float, s, what the steps share
    """
    top, bottom = axes
    top.plot(np.arange(len(y)) / sr, y, color="#7f7f7f", linewidth=0.4)
    top.set(xlim=(0, len(y) / sr), ylabel="amplitude")
    top.set_title(f"What the system heard: {len(y) / sr:.1f} s")
    if weights is not None:
        attention = top.twinx()
        edges = np.linspace(0, span, len(weights) + 1)
        attention.stairs(weights, edges, color="#d55e00", fill=True, alpha=0.35)
        attention.set(ylabel="attention", ylim=(0, 1.2 * weights.max()), yticks=[])
        peak = edges[weights.argmax() : weights.argmax() + 2].mean()
        top.set_title(f"It listened most at {peak:.1f} s of {len(y) / sr:.1f} s")
    mel(y, sr, bottom)
    return axes


def timeline(table: pd.DataFrame, swings: np.ndarray, step: float, axes: np.ndarray) -> np.ndarray:
    """Draw a timeline below the waveform of its recording: probabilities stacked, words above.

    Parameters
    ----------
    table : DataFrame, from `serlib.predict_timeline`
    swings, step : from `serlib.recordings.envelope`
    axes : two axes, one above the other, that share time
    """
    top, bottom = axes
    spoken = table[table.speech]
    t, scale = np.arange(swings.shape[1]) * step, 1 / max(float(np.abs(swings).max()), 1e-9)
    top.fill_between(t, *(swings * scale), color="#7f7f7f", linewidth=0.3)
    for row in spoken.itertuples():
        top.axvspan(row.start_s, row.end_s, color=COLOURS[row.emotion], alpha=0.35, linewidth=0)
    total = float(table.end_s.max())
    for start, end, emotion in _runs(spoken):
        if end - start > total / 80:  # room for a word, upright or not
            turn = 90 if end - start < total / 12 else 0
            top.text((start + end) / 2, 1.08, emotion, rotation=turn, ha="center", fontsize="small")
    floor = np.zeros(len(spoken))
    for emotion in (c[2:] for c in table if c.startswith("p_")):
        p, width = spoken[f"p_{emotion}"].to_numpy(), spoken.end_s - spoken.start_s
        how = dict(color=COLOURS[emotion], label=emotion, align="edge", linewidth=0)
        bottom.bar(spoken.start_s, p, width, bottom=floor, **how)
        floor = floor + p
    top.set(xlim=(0, total), ylim=(-1, 1), yticks=[], ylabel="waveform")
    bottom.set(xlim=(0, total), ylim=(0, 1), ylabel="probability", xlabel="s")
    bottom.legend(loc="upper center", bbox_to_anchor=(0.5, -0.28), ncols=5, frameon=False)
    return axes


def timeline_figure(table: pd.DataFrame, swings: np.ndarray, step: float) -> Figure:
    """Return a figure of a timeline and its recording, without pyplot, whose state is shared."""
    figure = Figure(figsize=(11, 5), layout="constrained")
    timeline(table, swings, step, figure.subplots(2, 1, sharex=True))
    return figure


def _runs(table: pd.DataFrame) -> list[tuple[float, float, str]]:
    """Return where the emotion of a timeline stays as it is: start, end, emotion."""
    runs = []
    for row in table.itertuples():
        if runs and runs[-1][2] == row.emotion and row.start_s - runs[-1][1] < 0.05:
            runs[-1] = (runs[-1][0], row.end_s, row.emotion)
        else:
            runs.append((row.start_s, row.end_s, row.emotion))
    return runs


def families(ax: Axes) -> Axes:
    """Mark the families of the 162 features along an axis of their numbers."""
    starts = np.array([0, 1, 13, 33, 34, 162])
    ax.set_xticks((starts[:-1] + starts[1:] - 1) / 2, ["zcr", "chroma", "MFCC", "rms", "mel"])
    ax.grid(visible=False, axis="x")
    for start in starts[1:-1]:
        ax.axvline(start - 0.5, color="#bbbbbb", linewidth=0.8)
    ax.set(xlim=(-1, 162), xlabel="features, by family")
    return ax


def projection(points: np.ndarray, labels: pd.Series, colours: dict[str, str], ax: Axes) -> Axes:
    """Draw a two-dimensional projection [shape=(n, 2)], a colour per label."""
    for name, colour in colours.items():
        here = (labels == name).to_numpy()
        if here.any():
            ax.scatter(*points[here].T, s=6, alpha=0.5, color=colour, label=name, linewidths=0)
    ax.legend(markerscale=3, fontsize="small", frameon=True)
    ax.set(xticks=[], yticks=[])
    return ax
