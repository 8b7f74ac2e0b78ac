"""The web page: upload or record a clip, choose a system, see the emotion."""

import os
from functools import cache
from pathlib import Path

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before gradio: no request to another host

import gradio as gr
import soundfile as sf
from matplotlib.figure import Figure

from . import plots
from .bundle import INTENDED_USE, Bundle, attention, predict_proba
from .catalogue import offered, open_bundle
from .demo import write_clip
from .errors import AudioError, RunError, SerlibError
from .project import CACHE
from .systems import SYSTEMS

MOST_MB, MOST_SECONDS = 20, 60
EXAMPLES = ("happy", "sad", "angry", "fear")
_FONT = ["system-ui", "sans-serif"]  # of the machine; Gradio's own would be fetched
open_once = cache(open_bundle)


def answer(path: str | None, system: str | None) -> tuple[dict[str, float], Figure]:
    """Return the probabilities of a clip, and a picture of what the system heard of it.

    Raises
    ------
    gr.Error
        With a sentence that says what is wrong with the clip, or which system is missing.
    """
    try:
        if not path:
            raise AudioError("There is no clip yet: upload a file, or record with the microphone.")
        _check_length(path)
        bundle = open_once(system or "")
        return predict_proba(path, bundle), _picture(path, bundle)
    except SerlibError as error:
        text = str(error).replace(str(path), Path(path or "").name)
        raise gr.Error(text, duration=None, print_exception=False) from error


def page() -> gr.Blocks:
    """Build the page over the bundles that are here; the others are named in grey."""
    systems = offered()
    ready = [name for name, bundle in systems.items() if bundle]
    with gr.Blocks(title="serlib", delete_cache=(3600, 3600)) as blocks:
        gr.Markdown(
            "# Which emotion is in a voice?\n"
            f"Upload or record a sentence of two to three seconds. For {INTENDED_USE}; on a voice "
            "that was not in its training data a system is often wrong."
        )
        with gr.Row():
            with gr.Column():
                clip = gr.Audio(type="filepath", sources=["upload", "microphone"], label="Clip")
                system = gr.Radio(ready, value=next(iter(ready), None), label="System")
                button = gr.Button("Which emotion?", variant="primary")
            with gr.Column():
                label = gr.Label(label="Emotion, and the probability of each")
                picture = gr.Plot(show_label=False)
        gr.Examples(_examples(), clip, label="Examples (synthetic voices)", cache_examples=False)
        gr.HTML(_missing([name for name, bundle in systems.items() if not bundle]))
        button.click(answer, [clip, system], [label, picture], concurrency_limit=1)
    return blocks


def serve(host: str = "127.0.0.1", port: int | None = None, *, block: bool = True) -> str:
    """Serve the page; return its address.

    Parameters
    ----------
    host : str, of another interface than loopback if others shall reach it
    port : int or None, the first free one from 7860 on
    block : bool, return only when the server is stopped

    Raises
    ------
    RunError
        If the port is taken, or the interface is not this machine's.
    """
    blocks = page()
    try:
        _, address, _ = blocks.launch(
            server_name=host,
            server_port=port,
            max_file_size=f"{MOST_MB}mb",
            theme=gr.themes.Default(font=_FONT, font_mono=["monospace"]),
            footer_links=[],
            share=False,
            ssr_mode=False,
            prevent_thread_lock=True,
        )
    except OSError as error:
        raise RunError(f"the page cannot be served at {host}: {error}") from error
    if block:
        blocks.block_thread()
    return address


def _check_length(path: str) -> None:
    try:
        seconds = sf.info(path).duration
    except (sf.LibsndfileError, OSError):
        return  # the front end says what is wrong with it
    if seconds > MOST_SECONDS:
        raise AudioError(
            f"{path}: lasts {seconds:.0f} s, at most {MOST_SECONDS} s can be answered here. "
            "Cut out a sentence."
        )


def _picture(path: str, bundle: Bundle) -> Figure:
    """Draw without pyplot, whose state is shared between visitors."""
    extractor = bundle["extractor"]
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots(2, 1, sharex=True)
    weights = attention(path, bundle)
    span = extractor.span if weights is not None else 0
    plots.heard(extractor.load(path), extractor.sr, axes, weights=weights, span=span)
    return figure


def _missing(systems: list[str]) -> str:
    lines = [
        f"{name}: not trained here yet, <code>{SYSTEMS[name].command}</code>" for name in systems
    ]
    return "<br>".join(
        f'<span style="opacity: 0.55" aria-disabled="true">{s}</span>' for s in lines
    )


def _examples() -> list[str]:
    """Write a synthetic clip per emotion, the same every time; no corpus may be given away."""
    paths = [CACHE / "examples" / f"{emotion}.wav" for emotion in EXAMPLES]
    for path, emotion in zip(paths, EXAMPLES, strict=True):
        write_clip(path, dict(emotion=emotion, speaker="02", sentence="kids", key=0))
    return [str(path) for path in paths]
