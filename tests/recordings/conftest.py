"""What tests of the page share."""

import numpy as np
import pytest
import soundfile as sf

from serlib.audio import synthesise
from serlib.paths import CHECKOUT, Project
from serlib.recordings.responder import Responder


@pytest.fixture(scope="module")
def wav(tmp_path_factory):
    path = tmp_path_factory.mktemp("clips") / "voice.wav"
    y = synthesise("angry", speaker="03", sentence="dogs", rng=np.random.default_rng(1))
    sf.write(path, y, 22050)
    return str(path)


@pytest.fixture(scope="module")
def responder(tmp_path_factory):
    """What answers over the shipped bundles."""
    return Responder(Project(CHECKOUT, tmp_path_factory.mktemp("cache")))
