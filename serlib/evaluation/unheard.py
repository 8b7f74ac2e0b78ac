"""Corpora never heard: what systems are worth there, corpus by corpus."""

import numpy as np
import pandas as pd

from ..corpora import CORPORA, OTHERS, PROTOCOLS, parse
from ..systems import INGREDIENTS, Voice
from .predictions import Predictions, probabilities, trained_on
from .scores import by, compare, uar
from .tables import with_interval

SHOWN = ("emodb", "ravdess", "nemo", "cremad", "emovo", "tess")  # in this order


def never_heard(answers: Predictions, system: str, protocol: str = "corpora") -> pd.DataFrame:
    """Return a system's answers to clips of corpora that it never heard, however trained.

    Of several training sides the largest counts: all corpora but the one that is scored; of fits
    on one corpus each, RAVDESS. What was fitted counts before what a bundle was asked.
    """
    tables = [t for key, t in answers.items() if (key.system, key.protocol) == (system, protocol)]
    tables.sort(key=lambda table: table.corpus.nunique())
    whole = pd.concat([*tables, pd.DataFrame(columns=["fold", "corpus"])], ignore_index=True)
    if protocol == "corpora":
        whole = whole.drop_duplicates(["clip_id", "fold"], ignore_index=True)
    side = trained_on(whole.fold)
    sides = side.groupby(whole.corpus).unique()
    best = sides.map(lambda names: min(names, key=lambda n: (n != OTHERS, n != "ravdess", n)))
    return whole[side == whole.corpus.map(best)]


def by_corpus(predictions: pd.DataFrame, *, rng: np.random.Generator) -> pd.DataFrame:
    """Return UAR with its interval, a row per corpus that is scored, in the order of `SHOWN`."""
    table = by(predictions, "corpus", rng=rng)
    return table.reindex([name for name in SHOWN if name in table.index])


def with_intervals(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return named tables of `by_corpus` side by side, each UAR with its interval, to be read."""
    told = {name: t.apply(with_interval, axis=1) for name, t in tables.items()}
    return pd.DataFrame(told).reindex(SHOWN).fillna("–").rename(index=title)


def by_how_many(answers: Predictions, system: str) -> pd.DataFrame:
    """Return UAR on each corpus by how many others are trained on: the largest, then ever more.

    Each row is of the clips and emotions that the largest has too.

    Returns
    -------
    DataFrame
        A row per corpus scored; a column per number, 1 to all others
    """
    rows = {}
    for scored, table in answers[system, "unheard", "corpora", 0].groupby("corpus"):
        sides = {side: t.set_index("clip_id") for side, t in table.groupby("fold")}
        names = max(sides, key=lambda side: side.count("+")).split("+")
        if len(names) > 1:
            more = ["+".join(names[: k + 1]) for k in range(len(names))] + [OTHERS]
            first = sides[names[0]]
            rows[scored] = {1 + k: _uar_of(sides[side], first) for k, side in enumerate(more)}
    return pd.DataFrame(rows).T.reindex([name for name in SHOWN if name in rows])


def _uar_of(table: pd.DataFrame, asked: pd.DataFrame) -> float:
    """Return UAR on the clips that were asked there, with their emotions as answers."""
    same, emotions = table.loc[asked.index], [f"p_{e}" for e in asked.emotion.unique()]
    best = same[emotions].idxmax(axis=1).str.removeprefix("p_")
    return uar(same.assign(predicted=best).reset_index())


def ingredients(answers: Predictions, *, rng: np.random.Generator) -> pd.DataFrame:
    """Compare `any_voice` on corpora never heard with what is left of it without an ingredient.

    Returns
    -------
    DataFrame
        A row per system of `INGREDIENTS` that has answers: what, the difference in UAR with its
        interval and p, and UAR per corpus
    """
    whole, rows = never_heard(answers, "any_voice"), []
    for name, system in INGREDIENTS.items():
        changed = never_heard(answers, name)
        if len(changed):
            each = {corpus: uar(t) for corpus, t in changed.groupby("corpus")}
            rows.append(dict(what=system.about) | compare(changed, whole, rng=rng) | each)
    return pd.DataFrame(rows)


def with_own_clips(answers: Predictions, system: str) -> pd.DataFrame:
    """Return UAR on each corpus by how many clips of the speaker's own were heard before.

    Returns
    -------
    DataFrame
        A row per number of clips, "all" (the scored ones among them) at last; a column per corpus
    """
    rows = {0: {c: uar(t) for c, t in never_heard(answers, system).groupby("corpus")}}
    for name, protocol in PROTOCOLS.items():
        key = (system, "unheard", name, 0)
        if protocol.enrolment and protocol.fits == "corpora" and key in answers:
            count = protocol.enrolment.count or "all"
            rows[count] = {c: uar(t) for c, t in answers[key].groupby("corpus")}
    counts = sorted(n for n in rows if n != "all") + ["all"] * ("all" in rows)
    return pd.DataFrame(rows).T.loc[counts, [c for c in SHOWN if c in rows[0]]]


def taught(results: pd.DataFrame) -> pd.DataFrame:
    """Return UAR on new speakers of each corpus, of systems that learnt from its other speakers.

    Parameters
    ----------
    results : DataFrame, from `serlib.evaluation.table_of`

    Returns
    -------
    DataFrame
        A row per corpus, a column per system that is scored on three or more
    """
    rows = results[(results.protocol == "speakers") & results.data.isin(SHOWN)]
    table = rows.pivot_table(index="data", columns="system", values="uar").reindex(SHOWN)
    return table.dropna(axis=1, thresh=3)


class _Trusting(Voice):
    """Takes it for granted that clips are of several emotions."""

    apart = np.inf


def caution(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return what it costs and saves that a `Voice` doubts whether its clips are of one emotion.

    All clips of a speaker enrol, and are scored; or those of one emotion at a time: the worst
    case, where what they have in common is the emotion.

    Returns
    -------
    DataFrame
        UAR, a row per corpus: "alone", then after clips of "several" emotions or of "one", each
        also ", trusting" that they are of several
    """
    after = {"alone": predictions.predicted}
    for clips, groups in (("several", ["speaker"]), ("one", ["speaker", "emotion"])):
        for how, voice in (("", Voice), (", trusting", _Trusting)):
            after[clips + how] = _enrolled(predictions, groups, voice)
    parts = dict([*predictions.groupby("corpus")])
    return pd.DataFrame(
        {
            how: {c: uar(parts[c].assign(predicted=answers)) for c in SHOWN if c in parts}
            for how, answers in after.items()
        }
    )


def _enrolled(predictions: pd.DataFrame, groups: list[str], voice: type[Voice]) -> pd.Series:
    """Return the answers after each group of clips has enrolled itself."""
    shares, after = probabilities(predictions), predictions.predicted.copy()
    for _, part in predictions.groupby(groups):
        inside = part.index
        p = shares.loc[inside]
        p = p.loc[:, (p > 0).any()]
        shifted = voice().hear(p.to_numpy()).without(p.to_numpy())
        after[inside] = p.columns.to_numpy()[shifted.argmax(axis=1)]
    return after


def genders(paths: pd.Series) -> pd.Series:
    """Return the gender of the speaker of each clip, by what its name says."""
    return paths.map(lambda path: parse(path)["gender"])


def title(corpus: str) -> str:
    """Return what readers call a corpus."""
    return CORPORA[corpus].short
