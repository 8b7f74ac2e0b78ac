"""A portrait of one system: whom it serves, what it confuses, how sure it is, what helps it."""

import numpy as np
import pandas as pd

from ..corpora import CORPORA, DATA, PROTOCOLS
from ..systems import Key
from . import calibration
from .predictions import Predictions, probabilities, trained_on
from .scores import by, compare, uar

# What lent clips are called: "0", "1", ..., "all", "neutral1", ...
_LENT = {"speakers": "0"} | {
    protocol.name: protocol.name.removeprefix("speakers+enrolment").strip("_") or "all"
    for protocol in sorted(
        (p for p in PROTOCOLS.values() if p.enrolment and p.fits == "speakers"),
        key=lambda protocol: (protocol.enrolment.emotion or "", protocol.enrolment.count or 1000),
    )
}


def people(predictions: pd.DataFrame, *, rng: np.random.Generator) -> pd.DataFrame:
    """Score each speaker apart, the worst served first; `gender` is taken along."""
    scored = by(predictions, "speaker", rng=rng)
    scored["gender"] = predictions.groupby("speaker").gender.first()
    return scored.sort_values("uar")


def groups(predictions: pd.DataFrame, *, rng: np.random.Generator) -> pd.DataFrame:
    """Score clips by gender, intensity and statement, columns of the predictions.

    Neutral has no strong form: the intensities are compared on the other emotions.
    """
    parts = dict(gender=predictions, statement=predictions)
    parts["intensity"] = predictions[predictions.emotion != "neutral"]
    tables = {name: by(part, name, rng=rng) for name, part in parts.items()}
    table = pd.concat(tables, names=["group", "value"])
    return table[["n", "uar", "uar_low", "uar_high", "accuracy"]].astype({"n": int})


def confusions(predictions: pd.DataFrame, n: int) -> pd.DataFrame:
    """Return the n most frequent mistakes: emotion, heard as, and their share of the emotion."""
    shares = pd.crosstab(predictions.emotion, predictions.predicted, normalize="index")
    shares = shares.melt(ignore_index=False, var_name="heard as", value_name="share").reset_index()
    wrong = shares[shares.emotion != shares["heard as"]]
    return wrong.nlargest(n, "share").reset_index(drop=True)


def in_words(mistakes: pd.DataFrame) -> str:
    """Return `confusions` as words: "sad heard as calm (13%), ..."."""
    rows = mistakes.itertuples(index=False, name=None)
    return ", ".join(f"{emotion} heard as {heard} ({share:.0%})" for emotion, heard, share in rows)


def at_temperatures(
    predictions: pd.DataFrame, validation: pd.DataFrame, temperature: float
) -> dict[str, pd.DataFrame]:
    """Return predictions made at a temperature as they would be at others, by name.

    Parameters
    ----------
    predictions, validation : DataFrame, under `speakers` and `validation`, both at `temperature`
    temperature : float

    Returns
    -------
    dict
        Without a temperature; as they are; and each fold at that of its own validation speakers
    """
    hot, warm = (
        calibration.with_temperature(t, 1 / temperature) for t in (predictions, validation)
    )
    return {
        "without temperature": hot,
        f"temperature {temperature}, as it answers": predictions,
        "its folds' own temperatures": calibration.calibrate_by_fold(hot, warm),
    }


def by_protocol(answers: Predictions, system: str) -> dict[str, pd.DataFrame]:
    """Return a system's predictions, first seed, by "data: protocol"; of results alone.

    Under `corpora` by "data: after" what was trained on. What settings are chosen by is left out,
    and what scores a part of the clips.
    """
    first = {key: table for key, table in answers.items() if key[::3] == (system, 0)}
    results = {key: PROTOCOLS[key.protocol] for key in first}
    some = {key: bool(p.enrolment and p.enrolment.count) for key, p in results.items()}
    return {
        _place(key, table): table
        for key, table in first.items()
        if not (results[key].for_settings or some[key])
    }


def _place(key: Key, table: pd.DataFrame) -> str:
    """Return what readers call a row of results."""
    here = " and ".join(CORPORA[name].short for name in sorted(set(table.corpus)))
    title = here if key.data == "unheard" else DATA[key.data].title
    if not PROTOCOLS[key.protocol].across:
        return f"{title}: {key.protocol}"
    after = sorted({name for side in set(trained_on(table.fold)) for name in side.split("+")})
    return f"{title}: after {' and '.join(CORPORA[name].short for name in after)}"


def sureness(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return of named predictions the calibration error, how sure they are, and the share right."""
    rows = {
        name: {
            "error": calibration.error(table),
            "how sure": probabilities(table).max(axis=1).mean(),
            "share right": (table.emotion == table.predicted).mean(),
        }
        for name, table in tables.items()
    }
    return pd.DataFrame(rows).T


def enrolment_curve(answers: Predictions, data: str = "ravdess") -> pd.DataFrame:
    """Return UAR by how many clips a speaker lends: a row per system, mean of its seeds.

    Only seeds with every point count: what clips bring is of the same fits.
    """
    points = [
        dict(system=key.system, seed=key.seed, lent=_LENT[key.protocol], uar=uar(table))
        for key, table in answers.items()
        if key.data == data and key.protocol in _LENT
    ]
    table = pd.DataFrame(points)
    table = table.pivot_table(index=["system", "seed"], columns="lent", values="uar")
    return table.reindex(columns=[*_LENT.values()]).dropna().groupby("system").mean()


def enrolment_gains(
    answers: Predictions, system: str, data: str = "ravdess", *, rng: np.random.Generator
) -> pd.DataFrame:
    """Return what lent clips add to a system's UAR, on the same clips with and without.

    Returns
    -------
    DataFrame, a row per number of lent clips: difference, low, high
    """
    plain, gains = answers[Key(system, data, "speakers", 0)], {}
    for protocol, lent in _LENT.items():
        enrolled = answers.get(Key(system, data, protocol, 0))
        if lent not in ("0", "all") and enrolled is not None:
            # The same clips as often: those that were lent are not scored
            without = enrolled[["clip_id"]].merge(plain, on="clip_id")
            gains[lent] = compare(enrolled, without, rng=rng)
    return pd.DataFrame(gains, index=["difference", "low", "high"]).T
