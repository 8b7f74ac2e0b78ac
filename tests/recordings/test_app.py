"""The page: its functions, and itself in a real browser where one is installed."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import urlparse

import gradio as gr
import numpy as np
import pytest
import soundfile as sf

from serlib import predict_proba
from serlib.audio import synthesise
from serlib.cli import main
from serlib.corpora import classes_of
from serlib.paths import CHECKOUT, Project
from serlib.recordings import app

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
EMOTIONS = classes_of("ravdess")


@pytest.fixture(scope="module")
def wav(tmp_path_factory):
    path = tmp_path_factory.mktemp("clips") / "voice.wav"
    y = synthesise("angry", speaker="03", sentence="dogs", rng=np.random.default_rng(1))
    sf.write(path, y, 22050)
    return str(path)


@pytest.fixture(scope="module")
def responder(tmp_path_factory):
    """What answers over the shipped bundles."""
    return app.Responder(Project(CHECKOUT, tmp_path_factory.mktemp("cache")))


@pytest.mark.parametrize("system", ["conv1d", "best"])
def test_the_answer_is_that_of_the_library(responder, wav, system):
    probabilities, doubts, figure = responder.respond(wav, system)
    bundle = responder.bundle(system)
    assert list(probabilities) == bundle["classes"]
    assert probabilities == predict_proba(wav, bundle) and doubts == ""
    assert figure.axes[0].get_title().startswith("What the system heard: ")


def test_of_a_long_recording_the_timeline_is_shown(responder, wav, tmp_path):
    y, sr = sf.read(wav)
    sf.write(tmp_path / "long.wav", np.tile(np.pad(y, (0, 5 * sr - len(y))), 4), sr)
    shares, told, figure = responder.respond(str(tmp_path / "long.wav"), "mfcc_cnn")
    assert sum(shares.values()) == pytest.approx(1) and "20 s" in told
    top, bottom = figure.axes
    assert top.get_xlim() == (0, 20) and len(bottom.patches) > 20
    sf.write(tmp_path / "silent.wav", np.full(20 * sr, 0.01), sr)
    assert responder.respond(str(tmp_path / "silent.wav"), "mfcc_cnn")[0] == {"no speech": 1.0}


@pytest.mark.parametrize("system", ["bilstm_attention", "bilstm_attention_augmented"])
def test_where_attention_lay_is_drawn_over_the_clip(responder, wav, system):
    *_, figure = responder.respond(wav, system)
    top, _, attention = figure.axes
    assert re.match(r"It listened most at \d\.\d s of \d\.\d s", top.get_title())
    (steps,) = attention.patches
    values, edges, _ = steps.get_data()
    assert values.sum() == pytest.approx(1, abs=1e-4) and edges[0] == 0
    assert edges[-1] == pytest.approx(responder.bundle(system)["extractor"].span)


@pytest.mark.parametrize(
    ("y", "says"),
    [
        (np.zeros(3 * 22050), "silent throughout"),
        (np.ones(2205) / 2, "after 0.6 s"),
        (np.random.default_rng(0).normal(size=61 * 8000) / 9, "lasts 61 s, at most 60 s"),
    ],
)
def test_what_is_wrong_with_a_clip_is_a_sentence(responder, y, says, tmp_path):
    path = tmp_path / "clip.wav"
    sf.write(path, y, 22050 if len(y) < 70000 else 8000)
    with pytest.raises(gr.Error, match=says) as error:
        responder.respond(str(path), "conv1d")
    assert str(tmp_path) not in error.value.message


@pytest.fixture
def empty(tmp_path):
    return Project(tmp_path, tmp_path / "cache")


def test_no_clip_and_no_system_are_sentences_too(responder, wav, empty):
    with pytest.raises(gr.Error, match="There is no clip yet"):
        responder.respond(None, "conv1d")
    with pytest.raises(gr.Error, match="any_voice: there is no bundle of it here"):
        app.Responder(empty).respond(wav, None)


@pytest.mark.parametrize("system", ["conv1d", "best", "bilstm_attention"])
def test_a_clip_is_decoded_once_and_its_features_are_computed_once(
    responder, wav, system, monkeypatch
):
    extractor, count = responder.bundle(system)["extractor"], Counter()  # and is checked by now

    class Counting(sf.SoundFile):
        def read(self, *how, **more):
            count["read"] += 1
            return super().read(*how, **more)

    def counting(name):
        def call(*how, **more):
            count[name] += 1
            return wrapped(*how, **more)

        wrapped = getattr(type(extractor), name)
        monkeypatch.setattr(type(extractor), name, call)

    monkeypatch.setattr(sf, "SoundFile", Counting)
    counting("get_predict_feat")
    if system != "best":  # whose features its members extract
        counting("extract_features")
    responder.respond(wav, system)
    assert count.pop("extract_features", 1) == 1
    assert count == dict(read=1, get_predict_feat=1)


def test_missing_systems_are_grey_and_name_their_commands(empty):
    parts = app.page(empty).get_config_file()["components"]
    (radio,) = (part["props"] for part in parts if part["type"] == "radio")
    (grey,) = (part["props"]["value"] for part in parts if part["type"] == "html")
    assert radio["choices"] == [] and "opacity" in grey
    for name in ("conv1d", "best", "mfcc_lstm"):
        assert f"serlib run --system {name}<" in grey
    assert "any_voice_tuned" not in grey  # which is made of recordings that visitors lack


@pytest.mark.parametrize("port", ["99999", "0", "-1"])
def test_a_port_that_is_none_is_a_sentence(port, capsys):
    assert main(["app", "--port", port]) == 2
    assert f"Bad port {port}, expected 1 to 65535" in capsys.readouterr().err


@pytest.mark.parametrize("host", ["192.0.2.1", "no host at all", "a" * 300])
def test_an_interface_of_another_machine_is_a_sentence(host, capsys):
    assert main(["app", "--host", host]) == 2
    err = capsys.readouterr().err
    assert f"cannot be served at {host}" in err and "127.0.0.1" in err and "Traceback" not in err


TWO_SERVERS = """
import os
from contextlib import suppress
from serlib.recordings import app

def page():
    print(os.environ["GRADIO_TEMP_DIR"])
    raise ZeroDivisionError

app.page = page
for _ in range(2):
    with suppress(ZeroDivisionError):
        app.serve(block=False)
"""


def test_each_process_has_one_folder_for_what_is_uploaded(tmp_path):
    """A second server here must not move the first's, nor the end of one empty another's."""
    told, run = dict(os.environ, GRADIO_TEMP_DIR=str(tmp_path)), [sys.executable, "-c", TWO_SERVERS]
    folders = [subprocess.check_output(run, env=told, text=True).split() for _ in range(2)]
    (one, same), (other, again) = folders
    assert one == same != other == again and Path(one).parent == Path(other).parent == tmp_path
    assert not list(tmp_path.iterdir())  # each took its own away


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A server that, all the time, looks up no other host than its own."""
    asked = set()

    def look_up(host, *rest, **how):
        asked.add(host)
        return lookup(host, *rest, **how)

    lookup = socket.getaddrinfo
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SERLIB_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(socket, "getaddrinfo", look_up)
        yield app.serve(block=False)
        gr.close_all()
    assert asked <= {"127.0.0.1", "localhost", None}


def test_a_taken_port_is_a_sentence(address, capsys):
    assert main(["app", "--port", str(urlparse(address).port)]) == 2
    err = capsys.readouterr().err
    assert "serlib: the page cannot be served at 127.0.0.1" in err and "Traceback" not in err


@pytest.fixture(scope="module")
def browser(wav):
    """Chromium whose microphone hears the clip."""
    if not CHROMIUM:
        pytest.skip("no chromium on this machine (Debian: apt install chromium)")
    from playwright.sync_api import sync_playwright

    flags = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    flags += [f"--use-file-for-fake-audio-capture={wav}", "--no-sandbox"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def page(browser, address):
    page = browser.new_context(permissions=["microphone"]).new_page()
    page.hosts = set()
    page.on("request", lambda request: page.hosts.add(urlparse(request.url).hostname))
    page.goto(address)
    page.get_by_role("button", name="Which emotion?").wait_for()
    yield page
    assert page.hosts <= {"127.0.0.1", None}, "a request left the machine"
    page.context.close()


def ask(page):
    page.get_by_role("button", name="Which emotion?").click()
    label = page.get_by_test_id("label-output-value")
    label.wait_for(timeout=60_000)
    assert label.inner_text().strip() in (*EMOTIONS, "no speech")
    page.locator("img[alt], .plot-container img, .matplotlib img").first.wait_for()
    return label.inner_text().strip()


def test_upload_in_a_browser(responder, page, wav):
    page.locator("input[type=file]").first.set_input_files(wav)
    page.get_by_label("Play").first.wait_for()
    probabilities, *_ = responder.respond(wav, "any_voice")
    assert ask(page) == max(probabilities, key=probabilities.get)


def test_another_system_is_chosen_in_a_browser(responder, page, wav):
    page.get_by_text("Other systems").click()
    page.get_by_label("bilstm_attention", exact=True).check()
    page.locator("input[type=file]").first.set_input_files(wav)
    page.get_by_label("Play").first.wait_for()
    probabilities, *_ = responder.respond(wav, "bilstm_attention")
    assert ask(page) == max(probabilities, key=probabilities.get)


def test_microphone_in_a_browser(page):
    page.get_by_label("Record audio").click()
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_text(re.compile(r"^0?0:0[2-9]$")).first.wait_for()
    with page.expect_response(lambda response: "/upload" in response.url):
        page.get_by_role("button", name="Stop").first.click()
    page.get_by_label("Play").first.wait_for()
    ask(page)


def test_an_example_in_a_browser(page):
    page.get_by_text("happy.wav").first.click()
    page.get_by_label("Play").first.wait_for()
    ask(page)


def test_an_error_is_shown_in_the_browser(page):
    page.get_by_role("button", name="Which emotion?").click()
    page.get_by_text("There is no clip yet").first.wait_for()


def test_a_file_over_the_limit_is_refused_in_the_browser(page, tmp_path):
    sf.write(tmp_path / "long.wav", np.zeros(11 * 1024 * 1024, dtype=np.int16), 44100)
    page.locator("input[type=file]").first.set_input_files(tmp_path / "long.wav")
    page.get_by_text("exceed").first.wait_for()


def test_two_visitors_at_once_each_get_their_answer(responder, page, browser, address):
    pages = [page, browser.new_page()]
    pages[1].goto(address)
    expected = []
    for emotion, visitor in zip(("happy", "angry"), pages, strict=True):
        visitor.get_by_text(f"{emotion}.wav").first.click()
        visitor.get_by_label("Play").first.wait_for()
        path = next(p for p in app.examples(responder.project) if emotion in p)
        probabilities, *_ = responder.respond(path, "any_voice")
        expected.append(max(probabilities, key=probabilities.get))
    for visitor in pages:
        visitor.get_by_role("button", name="Which emotion?").click()
    for visitor, emotion in zip(pages, expected, strict=True):
        label = visitor.get_by_test_id("label-output-value")
        label.wait_for(timeout=60_000)
        assert label.inner_text().strip() == emotion
