"""The web page: upload or record a clip, choose a system, see the emotion."""

import atexit
import functools
import os
import shutil
import socket
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before gradio: no request to another host

import gradio as gr
import numpy as np
import soundfile as sf
from matplotlib.figure import Figure

from .. import inference
from ..audio import NO_SPEECH, Recording
from ..corpora import write_demo_clip
from ..errors import AudioError, RunError, SerlibError
from ..evaluation import pictures
from ..inference import Answer, Bundle, answer_of, heard, new_voice
from ..paths import Project
from ..systems import get
from .blocks import envelope, lasts
from .timeline import LONG, overview, predict_timeline

if TYPE_CHECKING:
    from ..systems import Voice

_MOST_MB, _MOST_SECONDS = 20, 60
_LAST_PORT = 65535
_TEMPORARY = os.environ.get("GRADIO_TEMP_DIR")
_SAME_VOICE = "My clips are all of one voice: learn it by the way (any_voice alone)"
_EXAMPLES = ("happy", "sad", "angry", "fear")
_FONT = ["system-ui", "sans-serif"]  # of the machine; Gradio's own would be fetched


class Responder:
    """What answers visitors: the bundles of a project, each loaded when it is first asked for."""

    def __init__(self, project: Project):
        self.project, self._open = project, {}

    def bundle(self, system: str) -> Bundle:
        """Return the bundle of a system, loaded once."""
        system = system or next(iter(inference.offered(self.project)))
        if system not in self._open:
            self._open[system] = inference.open_bundle(system, project=self.project)
        return self._open[system]

    def respond(
        self, path: str | None, system: str | None, voice: "Voice | None" = None
    ) -> tuple[dict[str, float], str, Figure]:
        """Return the answer to a clip: probabilities, what is doubtful, what the system heard.

        Of a recording that is longer than `LONG`: shares of time, how much speech, its timeline.
        The clip is decoded once, its features are computed once. A `Voice` learns from it.

        Raises
        ------
        gr.Error
            With a sentence that says what is wrong with the clip, or which system is missing.
        """
        try:
            if not path:
                raise AudioError(
                    "There is no clip yet: upload a file, or record with the microphone."
                )
            recording, bundle = _decode(path), self.bundle(system or "")
            if lasts(recording) > LONG:
                return _long(recording, bundle, voice)
            features = bundle["extractor"].get_predict_feat(recording)[None]
            said = answer_of(recording, features, bundle, voice)
            return _shares(said), _doubts(said, voice), _picture(recording, features, bundle)
        except SerlibError as error:
            text = str(error).replace(str(path), Path(path or "").name)
            raise gr.Error(text, duration=None, print_exception=False) from error


def page(project: Project | None = None) -> gr.Blocks:
    """Build the page over the bundles of a project; those that are missing are named in grey."""
    responder = Responder(project or Project.here())
    systems = inference.offered(responder.project)
    ready = [name for name, bundle in systems.items() if bundle]
    with gr.Blocks(title="serlib", delete_cache=(3600, 3600)) as blocks:
        gr.Markdown(
            "# Which emotion is in a voice?\n"
            f"Upload or record a sentence of two to three seconds. For {inference.INTENDED_USE}; "
            "on a voice that it does not know a system is often wrong."
        )
        with gr.Row():
            with gr.Column():
                clip = gr.Audio(type="filepath", sources=["upload", "microphone"], label="Clip")
                same = gr.Checkbox(label=_SAME_VOICE)
                button = gr.Button("Which emotion?", variant="primary")
                with gr.Accordion("Other systems", open=False):
                    system = gr.Radio(ready, value=next(iter(ready), None), label="System")
            with gr.Column():
                label = gr.Label(label="Emotion, and the probability of each")
                doubts = gr.Markdown()
                picture = gr.Plot(show_label=False)
        gr.Examples(
            examples(responder.project),
            clip,
            label="Examples (synthetic voices)",
            cache_examples=False,
        )
        # One that is not shipped is learnt of one's own recordings: nobody misses it
        gr.HTML(_missing([n for n, bundle in systems.items() if not bundle and get(n).shipped]))
        voice = gr.State(None)
        same.change(lambda ticked: new_voice() if ticked else None, same, voice)
        button.click(
            responder.respond,
            [clip, system, voice],
            [label, doubts, picture],
            concurrency_limit=1,
        )
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
    if port is not None and not 1 <= port <= _LAST_PORT:
        raise RunError(f"Bad port {port}, expected 1 to {_LAST_PORT}; from 1024 on anybody may")
    _check_host(host)
    os.environ["GRADIO_TEMP_DIR"] = _folder_of_its_own()
    blocks = page()
    try:
        _, address, _ = blocks.launch(
            server_name=host,
            server_port=port,
            max_file_size=f"{_MOST_MB}mb",
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


@functools.cache
def _folder_of_its_own() -> str:
    """Make this process a folder for what visitors upload, which its end empties.

    One for all its servers: Gradio takes uploads from no other. It lies where the system has such
    folders, or GRADIO_TEMP_DIR says; where nothing can be written there, in the project's cache.
    """
    places = [_TEMPORARY or tempfile.gettempdir(), str(Project.here().cache)]
    for place in places:
        with suppress(OSError):
            Path(place).mkdir(parents=True, exist_ok=True)
            folder = tempfile.mkdtemp(prefix="serlib-page-", dir=place)
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            return folder
    raise RunError(f"no folder can be written to for what is uploaded: neither of {places}")


def _check_host(host: str) -> None:
    """Check that an interface is this machine's: Gradio would wait for an answer of another's."""
    try:
        family, kind, _, _, place = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.bind(place)
    except (OSError, UnicodeError) as error:
        raise RunError(
            f"the page cannot be served at {host}: {error}. Expected an interface of this machine, "
            "as 127.0.0.1 (for this machine alone) or 0.0.0.0 (for all that reach it)"
        ) from error


def _decode(path: str) -> Recording:
    with suppress(sf.LibsndfileError, OSError):  # decoding says what is wrong with it
        seconds = sf.info(path).duration
        if seconds > _MOST_SECONDS:
            raise AudioError(
                f"{path}: lasts {seconds:.0f} s, at most {_MOST_SECONDS} s can be answered here. "
                "Cut out a sentence."
            )
    return heard(path)


def _picture(recording: Recording, features: np.ndarray, bundle: Bundle) -> Figure:
    """Draw without pyplot, whose state is shared between visitors."""
    extractor = bundle["extractor"]
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots(2, 1, sharex=True)
    how = {}
    if inference.has_attention(bundle):
        how = dict(weights=inference.attention_of(features, bundle)[0], span=extractor.span)
    pictures.heard(extractor.heard(recording), extractor.sr, axes, **how)
    return figure


def _long(
    recording: Recording, bundle: Bundle, voice: "Voice | None"
) -> tuple[dict[str, float], str, Figure]:
    table = predict_timeline(recording, bundle | dict(voice=voice) if voice else bundle)
    whole = overview(table)
    shares = whole.shares if whole.speech_seconds else {NO_SPEECH: 1.0}
    return shares, "  \n".join(whole.remarks), pictures.timeline_figure(table, *envelope(recording))


def _shares(answer: Answer) -> dict[str, float]:
    """Return what the label shows: a probability each, or that nobody speaks."""
    return answer.probabilities if answer.speech else {answer.emotion: 1.0}


def _doubts(answer: Answer, voice: "Voice | None") -> str:
    """Return remarks, and how many clips of the voice were heard, as Markdown."""
    heard = [f"Clips of this voice so far: {voice.count}."] if voice and voice.count else []
    return "  \n".join([*answer.remarks, *heard])


def _missing(systems: list[str]) -> str:
    lines = [
        f"{name}: not trained here yet, <code>serlib run --system {name}</code>" for name in systems
    ]
    return "<br>".join(
        f'<span style="opacity: 0.55" aria-disabled="true">{s}</span>' for s in lines
    )


def examples(project: Project) -> list[str]:
    """Write a synthetic clip per emotion, the same every time; no corpus may be given away."""
    paths = [project.cache / "examples" / f"{emotion}.wav" for emotion in _EXAMPLES]
    for path, emotion in zip(paths, _EXAMPLES, strict=True):
        write_demo_clip(path, dict(emotion=emotion, speaker="02", sentence="kids", key=0))
    return [str(path) for path in paths]
