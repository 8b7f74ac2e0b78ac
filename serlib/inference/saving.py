"""Saving: from fitted folds to a bundle with its model card."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from ..audio import synthesise
from ..corpora import PROTOCOLS
from ..evaluation import predictions
from ..paths import Run
from ..systems import AtSpeed, Ensemble, EnsembleScaler, Key, get, join, members_of
from ..training import FittedFold, kind_of
from .bundle import Bundle, save_bundle
from .card import card_of
from .shelf import bundle_place

_Fits = dict[Key, list[FittedFold]]


def save_all(keys: Iterable[Key], fits: _Fits, table: pd.DataFrame, run: Run) -> pd.DataFrame:
    """Save the bundle of each key whose model bundles hold, if its fits are here.

    Parameters
    ----------
    keys : iterable of Key, those that bundles are made of
    fits : dict, key -> its fitted folds, as `serlib.training.run_keys` returns it
    table : DataFrame, from `serlib.evaluation.table_of`; a card quotes those of the run's own kind
    run : Run

    Returns
    -------
    DataFrame
        What was saved, by the bundle's place: number of parameters, classes
    """
    figures, saved = table[table.notice == run.notice], {}
    for key in keys:
        able = get(key.system).offered and PROTOCOLS[key.protocol].bundled
        if able and set(members_of(key)) <= set(fits):
            bundle = save(key, fits, figures, run)
            size, classes = bundle["model"].count_params(), ", ".join(bundle["classes"])
            saved[bundle_place(key.system)] = dict(parameters=f"{size:,}", classes=classes)
    return pd.DataFrame(saved, index=["parameters", "classes"]).T


def save(key: Key, fits: _Fits, table: pd.DataFrame, run: Run) -> Bundle:
    """Write the bundle of a fit to its place in the run's folder, with its model card.

    Parameters
    ----------
    key : Key
    fits : dict, key -> fitted folds, with those of the key or of its members
    table : DataFrame, of the figures on the card
    run : Run
    """
    rng, system = np.random.default_rng(0), get(key.system)
    folds = [fits[part][0] for part in members_of(key)]
    several = system.members or system.test_time_variants
    return save_bundle(
        run.path(bundle_place(key.system)),
        **(_joined(folds, system.temperature) if several else _single(folds[0])),
        classes=[*predictions.probabilities(folds[0].predictions)],
        reference=synthesise("happy", speaker="02", sentence="kids", rng=rng),
        card=card_of(key.system, table, data=key.data),
        anywhere=system.anywhere,
    )


def _single(fold: FittedFold) -> dict:
    model = kind_of(fold.system).as_network(fold.model)
    return dict(model=model, scaler=fold.scaler, extractor=fold.system.front_end)


def _joined(folds: list[FittedFold], temperature: float) -> dict:
    """Return model, scaler and front end of what averages these fits."""
    ears, scalers, members = [], [], []  # ears: front ends, each with the rows its scaler saw
    for fold in folds:
        system, hears = fold.system, []
        plain = system.front_end
        for front_end in (plain, *(AtSpeed(plain, v) for v in system.test_time_variants)):
            ear = front_end, system.variants, system.train_on_validation or system.published
            if ear not in ears:
                ears.append(ear)
                scalers.append(fold.scaler)
            hears.append(ears.index(ear))
        members.append((hears, kind_of(system).as_network(fold.model)))
    ensemble = Ensemble(tuple(front_end for front_end, *_ in ears), sr=ears[0][0].sr)
    return dict(
        model=join(ensemble, members, temperature),
        scaler=EnsembleScaler(ensemble, scalers),
        extractor=ensemble,
    )
