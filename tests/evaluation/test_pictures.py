"""Figures hold all that they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from serlib.evaluation import pictures
from serlib.recordings import envelope


def test_the_bars_of_many_corpora_hold_all_clips():
    """More corpora than there are hatches: each is in the legend, and in the bars."""
    names = [f"corpus{i}" for i in range(9)]
    clips = pd.DataFrame(dict(corpus=names * 2, channel="speech", emotion=["sad", "happy"] * 9))
    _, ax = plt.subplots()
    pictures.counts(clips, ax)
    assert len(ax.get_legend_handles_labels()[1]) == 9
    assert sum(bar.get_width() for bar in ax.patches) == len(clips)
    plt.close()


def test_a_timeline_shows_every_row_and_every_word():
    rows = [(0.0, 2.0, "sad"), (2.0, 3.0, "sad"), (3.0, 5.0, "no speech"), (5.0, 7.0, "happy")]
    table = pd.DataFrame(rows, columns=["start_s", "end_s", "emotion"])
    table["speech"] = table.emotion != "no speech"
    for emotion, p in (("sad", 0.7), ("happy", 0.3)):
        table[f"p_{emotion}"] = np.where(table.speech, p, np.nan)
    figure = pictures.timeline_figure(table, *envelope((np.sin(np.arange(7 * 8000) / 9) / 2, 8000)))
    top, bottom = figure.axes[:2]
    assert [text.get_text() for text in top.texts] == ["sad", "happy"]
    tops = [(bar.get_x(), bar.get_y() + bar.get_height()) for bar in bottom.patches]
    heights = sorted({(round(x, 3), round(y, 3)) for x, y in tops})
    assert heights == [(0, 0.7), (0, 1), (2, 0.7), (2, 1), (5, 0.7), (5, 1)]
    assert top.get_xlim() == bottom.get_xlim() == (0, 7)
