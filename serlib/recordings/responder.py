"""What answers the visitors of the page: a clip, a long recording, the clips of a voice."""

import threading
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from .. import inference
from ..audio import NO_SPEECH, Recording
from ..errors import AudioError, SerlibError
from ..evaluation import pictures
from ..inference import LONG, Bundle, answer_of, has_speech, heard
from ..paths import Project
from .blocks import envelope, lasts
from .timeline import overview, predict_timeline

if TYPE_CHECKING:
    from ..systems import Voice

MOST_SECONDS = 60
_DPI = 150
_INCHES = (5.6, 2.9)  # so small that its words can be read at the width of a telephone


class Said(NamedTuple):
    """What is answered: shares of a probability, or of time where it is too long for one label."""

    shares: dict[str, float]
    remarks: tuple[str, ...]
    figure: Figure
    long: bool = False


class Responder:
    """What answers visitors: the bundles of a project, each loaded when it is first asked for."""

    def __init__(self, project: Project):
        self.project, self._open, self._opening = project, {}, threading.Lock()

    def bundle(self, system: str = "") -> Bundle:
        """Return the bundle of a system, by default the first one, loaded once."""
        system = system or next(iter(inference.offered(self.project)))
        with self._opening:
            if system not in self._open:
                self._open[system] = inference.open_bundle(system, project=self.project)
        return self._open[system]

    def warm(self) -> None:
        """Answer the reference clip of the first system, and draw it: the first time takes long."""
        bundle = self.bundle()
        clip = heard((bundle["reference"]["y"], bundle["extractor"].sr))
        features = bundle["extractor"].get_predict_feat(clip)[None]
        answer_of(clip, features, bundle)
        _picture(clip, features, bundle).savefig(BytesIO())

    def respond(
        self, path: str | None, system: str = "", voice: "Voice | None" = None, learn: bool = True
    ) -> Said:
        """Return the answer to a clip: a share of each emotion, remarks, what the system heard.

        Of a recording that is longer than `LONG` they are shares of time, and its timeline. The
        clip is decoded once, its features are computed once.

        Parameters
        ----------
        path : str or None
        system : str
        voice : Voice or None, that of the visitor
        learn : bool, the voice learns from the clip

        Raises
        ------
        SerlibError
            With a sentence that says what is wrong with the clip, or which system is missing.
        """
        try:
            if not path:
                raise AudioError("There is no clip yet: upload a file or record one.")
            recording, bundle = _decode(path), self.bundle(system)
            knowing = bundle | dict(voice=voice) if voice and bundle.get("anywhere") else bundle
            if lasts(recording) > LONG:
                return _long(recording, knowing)
            if not learn:
                bundle, voice = knowing, None
            features = bundle["extractor"].get_predict_feat(recording)[None]
            said = answer_of(recording, features, bundle, voice)
            shares = said.probabilities if said.speech else {said.emotion: 1.0}
            return Said(shares, said.remarks, _picture(recording, features, bundle))
        except SerlibError as error:
            raise _without_folder(error, path) from error

    def enrol(self, paths: Sequence[str], voice: "Voice") -> "Voice":
        """Let a voice hear clips of its own, as `any_voice` hears them.

        Raises
        ------
        SerlibError
            If one of them cannot be used: none is heard then.
        """
        bundle, X = self.bundle(), []
        for path in paths:
            try:
                clip = _decode(path)
                if not has_speech(clip):
                    raise AudioError(f"{path}: nobody speaks in it, so that it shows no voice")
                X.append(bundle["extractor"].get_predict_feat(clip))
            except SerlibError as error:
                raise _without_folder(error, path) from error
        return voice.hear(inference.probabilities(bundle, np.stack(X)))


def _without_folder(error: SerlibError, path: str | None) -> SerlibError:
    """Return an error that names a file as its visitor knows it."""
    return type(error)(str(error).replace(str(path), Path(path or "").name))


def _decode(path: str) -> Recording:
    seconds = lasts(path)
    if seconds > MOST_SECONDS:
        raise AudioError(
            f"{path}: lasts {seconds:.0f} s, at most {MOST_SECONDS} s can be answered here. "
            "Cut out a sentence."
        )
    return heard(path)


def _picture(recording: Recording, features: np.ndarray, bundle: Bundle) -> Figure:
    """Draw without pyplot, whose state is shared between visitors."""
    extractor = bundle["extractor"]
    figure = Figure(figsize=_INCHES, dpi=_DPI, layout="constrained")
    axes = figure.subplots(2, 1, sharex=True)
    how = {}
    if inference.has_attention(bundle):
        how = dict(weights=inference.attention_of(features, bundle)[0], span=extractor.span)
    pictures.heard(extractor.heard(recording), extractor.sr, axes, **how)
    return figure


def _long(recording: Recording, bundle: Bundle) -> Said:
    table = predict_timeline(recording, bundle)
    whole = overview(table)
    shares = whole.shares if whole.speech_seconds else {NO_SPEECH: 1.0}
    figure = pictures.timeline_figure(table, *envelope(recording))
    figure.set(size_inches=(_INCHES[0], 1.6 * _INCHES[1]), dpi=_DPI)
    return Said(shares, whole.remarks, figure, long=True)
