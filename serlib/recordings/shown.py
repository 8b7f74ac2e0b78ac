"""What the page shows, as HTML: an answer in the emotions' colours, what is wrong, a timeline."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from ..audio import NO_SPEECH
from ..evaluation import plots

if TYPE_CHECKING:
    import pandas as pd

_SILENCE = "#d0d0d0"
_CELLS = 60  # of a running timeline: what is older has left the picture

# Those of Gradio's theme follow a visitor's choice of light or dark
CSS = """
.answer .most { font-size: 1.6rem; font-weight: 700; line-height: 1.2; margin: 0 0 .4rem }
.answer .row { display: grid; grid-template-columns: 5.2rem 1fr 3rem; align-items: center }
.answer .row span:last-child { text-align: right; font-variant-numeric: tabular-nums }
.answer .bar { height: .8rem; border-radius: .2rem; background: var(--background-fill-secondary) }
.answer .bar i { display: block; height: 100%; border-radius: .2rem }
.answer p, .note { margin: .4rem 0 0; font-size: .9rem }
.answer .wrong { font-size: 1rem; border-left: .3rem solid #d55e00; padding-left: .6rem }
.answer .idle, .note { opacity: .75 }
.systems .wrap { flex-direction: column; align-items: flex-start }
.picture { width: 100%; margin-top: .8rem; border-radius: .2rem }
.record { width: 100%; margin: .8rem 0; padding: .6rem; border-radius: .3rem; font-weight: 600;
  color: white; background: #c2410c }
.cells { display: flex; height: 1.6rem; gap: 1px; margin-top: .5rem }
@media (max-width: 640px) { h1 { font-size: 1.3rem !important } }
.cells i { flex: 1; max-width: 1.2rem; border-radius: .15rem }
"""


def idle(text: str = "The answer will be here.") -> str:
    """Return what stands where nothing was answered yet."""
    return f'<div class="answer" data-testid="answer"><p class="idle">{escape(text)}</p></div>'


def wrong(text: str) -> str:
    """Return what stands in place of an answer that there is not."""
    what = f'<p class="wrong" role="alert">{escape(text)}</p>'
    return f'<div class="answer" data-testid="answer">{what}</div>'


def answered(shares: Mapping[str, float], remarks: Iterable[str] = (), *, most: str = "") -> str:
    """Return an answer: the likeliest emotion, a bar for each, remarks.

    Parameters
    ----------
    shares : mapping, emotion -> probability or share of time
    remarks : iterable of str
    most : str, what is said above the bars; by default the likeliest
    """
    order = sorted(shares, key=shares.get, reverse=True)
    rows = "".join(_row(emotion, shares[emotion]) for emotion in order)
    said = "".join(f"<p>{escape(remark)}</p>" for remark in remarks)
    head = f'<p class="most" role="status">{escape(most or order[0])}</p>'
    return f'<div class="answer" data-testid="answer">{head}{rows}{said}</div>'


def _row(emotion: str, share: float) -> str:
    fill = f"width:{100 * share:.1f}%;background:{plots.COLOURS.get(emotion, _SILENCE)}"
    name, percent = escape(emotion), f"{100 * share:.0f}&thinsp;%"
    bar = f'<span class="bar"><i style="{fill}"></i></span>'
    return f'<div class="row"><span>{name}</span>{bar}<span>{percent}</span></div>'


def picture(figure: Figure) -> str:
    """Return a figure as an image that is part of the page: no file is left of it."""
    held = BytesIO()
    figure.savefig(held, format="webp")
    said = escape(figure.axes[0].get_title(), quote=True)
    source = f"data:image/webp;base64,{b64encode(held.getvalue()).decode()}"
    return f'<img class="picture" alt="{said or "Its timeline"}" src="{source}">'


def cells(table: "pd.DataFrame") -> str:
    """Return the last minute of a timeline as coloured cells, a second each.

    Parameters
    ----------
    table : DataFrame, from `serlib.recordings.Timeline.table`
    """
    seconds = []
    for row in table.tail(_CELLS).itertuples():
        many = max(round(row.end_s - row.start_s), 1) if row.emotion == NO_SPEECH else 1
        seconds += [_cell(row.start_s, row.emotion)] * min(many, _CELLS)
    return f'<div class="cells">{"".join(seconds[-_CELLS:])}</div>'


def _cell(start: float, emotion: str) -> str:
    said = f"{start:.0f} s: {emotion}"
    return f'<i title="{said}" style="background:{plots.COLOURS.get(emotion, _SILENCE)}"></i>'


def note(text: str) -> str:
    """Return a line that explains something."""
    return f'<p class="note">{escape(text)}</p>'
