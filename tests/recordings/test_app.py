"""The page: its functions, and itself in a real browser where one is installed."""

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlparse

import gradio as gr
import numpy as np
import pytest
import soundfile as sf

from serlib.cli import main
from serlib.corpora import classes_of
from serlib.errors import SerlibError
from serlib.inference import new_voice
from serlib.paths import Project
from serlib.recordings import app
from serlib.recordings.page import examples
from serlib.recordings.page import page as laid_out
from serlib.recordings.responder import Responder

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
EMOTIONS = classes_of("anywhere")


@pytest.fixture
def empty(tmp_path):
    return Project(tmp_path, tmp_path / "cache")


def test_missing_systems_are_grey_and_name_their_commands(empty):
    parts = app.page(empty).get_config_file()["components"]
    (radio,) = (part["props"] for part in parts if part["type"] == "radio")
    told = "".join(part["props"]["value"] for part in parts if part["type"] == "html")
    assert radio["choices"] == []
    for name in ("conv1d", "best", "mfcc_lstm"):
        assert f"serlib run --system {name}<" in told
    assert "any_voice_tuned" not in told  # which is made of recordings that visitors lack


def test_each_system_has_a_line_that_says_what_it_is(responder):
    parts = app.page(responder.project).get_config_file()["components"]
    (radio,) = (part["props"] for part in parts if part["type"] == "radio")
    lines = {name: line for line, name in radio["choices"]}
    assert radio["value"] == "any_voice" == next(iter(lines)) and len(lines) > 9
    assert all(line.startswith(f"{name}: ") and len(line) > 30 for name, line in lines.items())
    audio = [part["props"] for part in parts if part["type"] == "audio"]
    assert all(part["buttons"] == [] for part in audio)  # among them would be one to share


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
from serlib.recordings.page import examples
from serlib.recordings.responder import Responder

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


def test_who_is_told_to_end_takes_the_uploads_away_too(tmp_path):
    told, run = dict(os.environ, GRADIO_TEMP_DIR=str(tmp_path)), [sys.executable, "-m", "serlib"]
    with subprocess.Popen([*run, "app"], env=told, text=True, stdout=subprocess.PIPE) as server:
        try:
            assert "the page is at http" in server.stdout.readline()
            (folder,) = tmp_path.glob("serlib-page-*")
            (folder / "voice.wav").write_bytes(b"a visitor's")
            server.terminate()  # SIGTERM, as a system that shuts down
            assert server.wait(60) == 0
        finally:
            server.kill()
    assert not folder.exists()


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
    assert f"port {urlparse(address).port} is taken. Name another with --port" in err


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


@pytest.fixture(params=[(1280, 800), (390, 844)], ids=["desk", "telephone"])
def size(request):
    return dict(zip(("width", "height"), request.param, strict=True))


@pytest.fixture
def visit(browser, address):
    """What opens the page: in a window of a size, for a visitor of its own."""
    visitors = []

    def open_page(**size):
        page = browser.new_context(permissions=["microphone"], viewport=size or None).new_page()
        page.hosts = set()
        page.on("request", lambda request: page.hosts.add(urlparse(request.url).hostname))
        page.add_init_script(TRACKS)
        page.goto(address)
        page.get_by_role("button", name=ASK).wait_for()
        visitors.append(page)
        return page

    yield open_page
    for page in visitors:
        assert page.hosts <= {"127.0.0.1", None}, "a request left the machine"
        page.context.close()


ASK = "Which emotion?"
TRACKS = """
window.tracks = [];
const get = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (...how) => {
    const stream = await get(...how);
    window.tracks.push(...stream.getTracks());
    return stream;
};"""
LISTENS = "window.tracks.some((track) => track.readyState == 'live')"


def answer(page):
    return page.get_by_test_id("answer").locator("visible=true")


def take(page, example):
    page.get_by_role("button", name=example, exact=True).click()
    page.get_by_label("Play").first.wait_for()


def upload(page, path):
    page.locator("input[type=file]").first.set_input_files(path)
    page.get_by_label("Play").first.wait_for()


def record(page):
    page.get_by_label("Record audio").click()
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_text(re.compile(r"^0?0:0[2-9]$")).first.wait_for()


def ask(page):
    page.get_by_role("button", name=ASK).click()
    emotion = answer(page).get_by_role("status")
    emotion.wait_for(timeout=60_000)
    return emotion.inner_text().strip()


def likeliest(probabilities):
    return max(probabilities, key=probabilities.get)


def test_the_answer_to_an_upload_is_seen_without_a_scroll(responder, visit, wav, size):
    page = visit(**size)
    upload(page, wav)
    shares, *_ = responder.respond(wav)
    assert ask(page) == likeliest(shares)
    box = answer(page).bounding_box()
    assert page.evaluate("scrollY") == 0 and box["y"] + box["height"] <= size["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    bars = answer(page).locator(".bar i")
    assert bars.count() == len(EMOTIONS)
    colours = set(bars.evaluate_all("all => all.map((bar) => bar.style.background)"))
    assert len(colours) == len(EMOTIONS)
    picture = page.get_by_role("img", name="What the system heard")
    assert picture.evaluate("image => image.naturalWidth") > 600


def test_another_system_is_chosen_in_a_browser(responder, visit, wav):
    page = visit()
    page.get_by_text("Other systems").click()
    page.get_by_label("bilstm_attention:").check()
    upload(page, wav)
    shares, *_ = responder.respond(wav, "bilstm_attention")
    assert ask(page) == likeliest(shares)


def test_while_one_records_there_is_nothing_to_ask_and_no_old_answer(visit):
    page = visit()
    take(page, "angry")
    ask(page)
    page.get_by_label("Record audio").click()
    page.get_by_text("The answer will be here").locator("visible=true").wait_for()
    record(page)
    assert page.evaluate(LISTENS)
    assert page.get_by_role("button", name="Recording: stop it first").is_disabled()
    with page.expect_response(lambda response: "/upload" in response.url):
        page.get_by_role("button", name="Stop").first.click()
    page.get_by_label("Play").first.wait_for()
    assert ask(page) in (*EMOTIONS, "no speech")
    assert not page.evaluate(LISTENS)


def test_an_example_that_is_taken_while_one_records_ends_it(responder, visit):
    page = visit()
    record(page)
    take(page, "happy")
    shares, *_ = responder.respond(str(examples(responder.project)["happy"]))
    assert ask(page) == likeliest(shares) and not page.evaluate(LISTENS)


@pytest.fixture
def held(monkeypatch):
    """Answers wait until this event; how many were asked for, it counts."""
    event, respond = threading.Event(), Responder.respond

    def waiting(self, path, *more):
        event.asked.append(Path(path).stem)
        assert event.wait(60)
        return respond(self, path, *more)

    event.asked = []
    monkeypatch.setattr(Responder, "respond", waiting)
    yield event
    event.set()


def test_an_answer_that_comes_late_is_not_shown_below_another_clip(visit, held):
    page, other = visit(), visit()
    take(page, "angry")
    page.get_by_role("button", name=ASK).dblclick()
    while not held.asked:
        page.wait_for_timeout(20)
    take(page, "sad")
    held.set()
    take(other, "happy")
    ask(other)  # and so the one before it has been given
    assert [name.split("_")[-1] for name in held.asked] == ["angry", "happy"]  # two clicks are one
    assert answer(page).inner_text() == "The answer will be here."
    assert not page.get_by_role("img", name="What the system heard").count()
    page.get_by_role("button", name=ASK).click()
    answer(page).get_by_role("status").wait_for()
    assert held.asked[-1].endswith("_sad")


def test_an_error_is_told_once_in_place_of_the_answer(visit, wav):
    page = visit()
    upload(page, wav)
    ask(page)
    page.get_by_label("Clear").first.click()
    page.get_by_text("The answer will be here").locator("visible=true").wait_for()
    page.get_by_role("button", name=ASK).click()
    error = page.get_by_text("There is no clip yet")
    error.first.wait_for()
    assert error.count() == 1 and answer(page).get_by_role("alert").count() == 1
    assert not page.get_by_role("img", name="What the system heard").count()


def test_a_long_recording_has_no_one_label_in_the_browser(visit, wav, tmp_path):
    y, sr = sf.read(wav)
    sf.write(tmp_path / "long.wav", np.tile(np.pad(y, (0, 5 * sr - len(y))), 4), sr)
    page = visit()
    upload(page, str(tmp_path / "long.wav"))
    assert ask(page) == "Shares of its speech"
    assert answer(page).get_by_text("Lasts 20 s, too long for one label").count() == 1
    page.get_by_role("img", name="Its timeline").wait_for()


def test_a_file_over_the_limit_is_refused_once_in_the_browser(visit, tmp_path):
    page = visit()
    sf.write(tmp_path / "long.wav", np.zeros(11 * 1024 * 1024, dtype=np.int16), 44100)
    page.locator("input[type=file]").first.set_input_files(tmp_path / "long.wav")
    page.get_by_text("exceed").first.wait_for()
    assert page.get_by_text("exceed").count() == 1


def test_three_visitors_at_once_each_get_their_answer(responder, visit):
    names = "happy", "angry", "fear"
    pages = [visit() for _ in names]
    for page, name in zip(pages, names, strict=True):
        take(page, name)
    for page in pages:
        page.get_by_role("button", name=ASK).click()
    for page, name in zip(pages, names, strict=True):
        emotion = answer(page).get_by_role("status")
        emotion.wait_for(timeout=60_000)
        shares, *_ = responder.respond(str(examples(responder.project)[name]))
        assert emotion.inner_text().strip() == likeliest(shares)


def test_a_voice_is_learnt_by_the_way_and_forgotten(visit, responder, wav):
    page = visit()
    page.get_by_text("Your own voice").click()
    clips = [str(path) for path in examples(responder.project).values()]
    page.locator("input[type=file][multiple]").set_input_files(clips)
    page.get_by_text("heard so far: 4.").wait_for()
    page.get_by_label("learn it by the way").locator("visible=true").check()
    upload(page, wav)
    ask(page)
    page.get_by_text("heard so far: 5.").wait_for()
    voice = responder.enrol([*clips, wav], new_voice())
    shares, *_ = responder.respond(wav, voice=voice, learn=False)
    percent = answer(page).locator(".row span:last-child").first.inner_text()
    assert int(percent.split("\u2009")[0]) == round(100 * max(shares.values()))
    page.get_by_role("button", name="Forget my voice").click()
    page.get_by_text("heard so far: 0.").wait_for()


def test_what_is_said_is_answered_while_one_speaks(visit):
    page = visit(width=390, height=844)
    page.get_by_role("tab", name="While you speak").click()
    page.get_by_role("button", name="Record", exact=True).locator("visible=true").click()
    answer(page).get_by_text("s heard; of").wait_for(timeout=60_000)  # and it goes on
    assert page.evaluate(LISTENS) and answer(page).get_by_role("status").inner_text() in EMOTIONS
    page.get_by_role("button", name="Stop", exact=True).locator("visible=true").click()
    page.get_by_text("shares of it").wait_for()
    cells = page.locator(".cells i")
    assert not page.evaluate(LISTENS) and cells.count() >= 2
    box = cells.first.bounding_box()
    assert page.evaluate("scrollY") == 0 and box["y"] + box["height"] <= 844


def test_another_tab_ends_what_is_said(visit):
    page = visit()
    page.get_by_role("tab", name="While you speak").click()
    page.get_by_role("button", name="Record", exact=True).locator("visible=true").click()
    answer(page).get_by_text("s heard").wait_for(timeout=60_000)
    assert page.evaluate(LISTENS)
    page.get_by_role("tab", name="A clip").click()
    page.wait_for_function(f"!{LISTENS}")


def test_few_threads_answer_many_visitors(monkeypatch):
    """What is kept for a thread, as fonts and interpreters, is not kept for each visitor."""
    answered = []

    def respond(*_):
        answered.append(threading.current_thread().name)
        raise SerlibError("heard")

    monkeypatch.setattr(Responder, "respond", respond)
    (asked,) = (fn.fn for fn in laid_out().fns.values() if fn.api_name == "answer")
    for _ in range(3 * os.cpu_count()):
        visitor = threading.Thread(target=asked, args=("a.wav", "", None, False))
        visitor.start()
        visitor.join()
    assert len(answered) == 3 * os.cpu_count()
    assert len(set(answered)) <= os.cpu_count()
