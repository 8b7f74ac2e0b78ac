"""How the page is laid out, and what happens when its parts are used."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # as a page is built: no request elsewhere

import gradio as gr

from .. import inference
from ..audio import NO_SPEECH
from ..errors import SerlibError
from ..inference import gain_of, new_voice, shipped_card
from ..paths import Project
from ..systems import Voice, get
from . import shown
from .responder import Responder
from .speaking import MOST_SECONDS, Visits

_WELCOME = (
    "# Which emotion is in a voice?\n"
    "Two to three seconds are best. A voice that it does not know is often misjudged."
)
_SMALL_PRINT = (
    f"For {inference.INTENDED_USE}. Nothing leaves the machine that serves this page. The examples "
    "are of CREMA-D (Cao et al. 2014), under the Database Contents License 1.0."
)
_ASK, _BUSY = "Which emotion?", "Recording: stop it first"
_WHY = (
    "A few clips of yours, of several emotions and without labels, tell how your voice differs. "
    "It is kept while this page is open."
)
# In the browser, at once: a look at the server would leave the old answer there for a while
_EMPTY = f"() => {shown.idle()!r}"
_THREADS = ThreadPoolExecutor(os.cpu_count())
_PRIVATE = dict(api_visibility="private", show_progress="hidden")


def page(project: Project | None = None) -> gr.Blocks:
    """Build the page over the bundles of a project; those that are missing are named in grey."""
    responder = Responder(project or Project.here())
    with suppress(SerlibError):  # whoever asks is told
        responder.warm()  # now, so that the first visitor need not wait
    with gr.Blocks(title="serlib", delete_cache=(3600, 3600)) as blocks:
        gr.Markdown(_WELCOME)
        with gr.Tab("A clip"):
            _clip(responder)
        with gr.Tab("While you speak"):
            _live(responder)
        gr.HTML(shown.note(_SMALL_PRINT))
    return blocks


def examples(project: Project) -> dict[str, Path]:
    """Return the clips that are shipped to try the page with, by what they are called."""
    folder = project.artifacts / "examples"
    return {path.stem.split("_")[-1]: path for path in sorted(folder.glob("*.flac"))}


def _clip(responder: Responder) -> None:
    with gr.Row(equal_height=False):
        with gr.Column():
            how = dict(type="filepath", sources=["upload", "microphone"], buttons=[])
            clip = gr.Audio(**how, label="Clip", editable=False)
            _examples(responder.project, clip)
            button = gr.Button(_ASK, variant="primary")
        with gr.Column():
            answer = gr.HTML(shown.idle())
    with gr.Accordion("Your own voice", open=False):
        voice, learn, known = _own_voice(responder)
    with gr.Accordion("Other systems", open=False):
        system = _systems(responder.project)
    system.change(lambda: (None, _known(None)), None, [voice, known], **_PRIVATE)
    asked = button.click(
        _by_few(_respond, responder),
        [clip, system, voice, learn],
        [answer, voice, known],
        concurrency_limit=1,
        show_progress_on=answer,
        api_name="answer",
    )
    for replaced in (clip.change, clip.start_recording):
        replaced(None, None, answer, js=_EMPTY, cancels=[asked])
    clip.start_recording(None, None, button, js=_button(_BUSY, "false"))
    for over in (clip.change, clip.clear):
        over(None, None, button, js=_button(_ASK, "true"))


def _examples(project: Project, clip: gr.Audio) -> None:
    found = examples(project)
    if found:
        how = dict(label="Examples: actors, who were asked to be", example_labels=[*found])
        gr.Examples([str(path) for path in found.values()], clip, cache_examples=False, **how)


def _own_voice(responder: Responder) -> tuple[gr.State, gr.Checkbox, gr.HTML]:
    """Lay out what a visitor's voice needs; return it, whether it learns, what is told of it."""
    voice = gr.State(None)
    gr.HTML(shown.note(f"{_WHY} {gain_of(shipped_card(project=responder.project))}"))
    learn = gr.Checkbox(label="The clips that I ask about are of my voice: learn it by the way")
    with gr.Row():
        how = dict(file_count="multiple", file_types=["audio"])
        mine = gr.UploadButton("Add clips of my voice", **how)
        forget = gr.Button("Forget my voice")
    known = gr.HTML(_known(None))
    mine.upload(_by_few(_enrol, responder), [mine, voice], [voice, known], **_PRIVATE)
    forget.click(lambda: (None, False, _known(None)), None, [voice, learn, known], **_PRIVATE)
    return voice, learn, known


def _systems(project: Project) -> gr.Radio:
    systems = inference.offered(project)
    ready = [(_line(name), name) for name, bundle in systems.items() if bundle]
    how = dict(value=ready[0][1] if ready else None, elem_classes="systems")
    radio = gr.Radio(ready, show_label=False, **how)
    # One that is not shipped is learnt of one's own recordings: nobody misses it
    missing = [name for name, bundle in systems.items() if not bundle and get(name).shipped]
    gr.HTML("".join(shown.note(f"{n}: not here yet, serlib run --system {n}") for n in missing))
    return radio


def _line(name: str) -> str:
    return f"{name}: {get(name).plain}"


def _live(responder: Responder) -> None:
    """Lay out the microphone that is answered while one speaks."""
    visits = Visits(responder.bundle)

    def hear(part: dict) -> dict:
        return _by_few(visits.hear)(part)

    explained = (
        "Press Record, allow the microphone and speak. Every second is answered by the three "
        f"seconds around it; {MOST_SECONDS // 60} minutes are heard at most, and none is kept."
    )
    button = '<button class="lg primary record">Record</button>'
    learn = '<label><input type="checkbox"> It is all of one voice: learn it by the way</label>'
    gr.HTML(
        f'{shown.note(explained)}{button}{learn}<div class="said">{shown.idle()}</div>',
        js_on_load=Path(__file__).with_name("speaking.js").read_text(),
        server_functions=[hear],
    )


def _by_few(function: Callable, *given: Any) -> Callable:
    """Return a function that few threads answer, which stay.

    Memory, fonts and interpreters are kept for each thread, and Gradio's come and go.
    """
    return lambda *asked: _THREADS.submit(function, *given, *asked).result()


def _respond(
    responder: Responder, path: str | None, system: str | None, voice: Voice | None, learn: bool
) -> tuple[str, Voice | None, str]:
    """Answer a clip, or say in the same place why not."""
    voice = voice or (new_voice() if learn else None)
    try:
        said = responder.respond(path, system or "", voice, learn)
    except SerlibError as error:
        return shown.wrong(str(error)), voice, _known(voice)
    most = "Shares of its speech" if said.long and NO_SPEECH not in said.shares else ""
    html = shown.answered(said.shares, said.remarks, most=most) + shown.picture(said.figure)
    return html, voice, _known(voice)


def _enrol(responder: Responder, paths: list[str], voice: Voice | None) -> tuple[Voice | None, str]:
    try:
        voice = responder.enrol(paths, voice or new_voice())
    except SerlibError as error:
        return voice, shown.wrong(str(error))
    return voice, _known(voice)


def _known(voice: Voice | None) -> str:
    count = voice.count if voice else 0
    return shown.note(f"Clips of your voice heard so far: {count}.")


def _button(text: str, on: str) -> str:
    return f"() => ({{__type__: 'update', value: {text!r}, interactive: {on}}})"
