"""Figures hold all that they are given."""

import matplotlib.pyplot as plt
import pandas as pd

from serlib.evaluation import pictures


def test_the_bars_of_many_corpora_hold_all_clips():
    """More corpora than there are hatches: each is in the legend, and in the bars."""
    names = [f"corpus{i}" for i in range(9)]
    clips = pd.DataFrame(dict(corpus=names * 2, channel="speech", emotion=["sad", "happy"] * 9))
    _, ax = plt.subplots()
    pictures.counts(clips, ax)
    assert len(ax.get_legend_handles_labels()[1]) == 9
    assert sum(bar.get_width() for bar in ax.patches) == len(clips)
    plt.close()
