"""The web page: upload or record a clip, choose a system, see the emotion."""

import os
from functools import lru_cache
from pathlib import Path

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before gradio: no request to another host

import gradio as gr
import matplotlib.pyplot as plt
import soundfile as sf
from matplotlib.figure import Figure

from . import plots
from .audio import SR, load
from .bundle import Bundle, attention, load_bundle, predict_proba
from .errors import SerlibError
from .project import shipped_bundles

MOST_SECONDS, MOST_MB = 60, 20


def answer(path: str | None, system: str) -> tuple[dict[str, float], Figure]:
    """Return the probabilities of a clip and a picture of it.

    Raises
    ------
    gr.Error
        With a sentence that says what is wrong with the clip.
    """
    if not path:
        raise gr.Error("There is no clip yet: upload a file, or record with the microphone.")
    try:
        _check_size(Path(path))
        bundle = _bundle(system)
        return predict_proba(path, bundle), _picture(path, bundle)
    except SerlibError as error:
        raise gr.Error(str(error).replace(path, Path(path).name)) from error
