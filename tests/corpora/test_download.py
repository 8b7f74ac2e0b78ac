"""Fetching: from publishers that answer, that fail, and that are killed in the middle."""

import hashlib
import io
import json
import shutil
import subprocess
import sys
import threading
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from serlib.corpora import fetch, index_clips
from serlib.corpora.known import CORPORA
from serlib.corpora.publishers import SERVERS
from serlib.errors import CorpusError
from tests.conftest import write_clip

RAVDESS_LIST = "/api/records/1188976"
TESS_LIST = "/api/datasets/:persistentId/?persistentId=doi:10.5683/SP2/E8H2MF"
SPEECH, SONG = (f"Audio_{kind}_Actors_01-24.zip" for kind in ("Speech", "Song"))


class Publisher:
    """A server at 127.0.0.1 of both kinds; `answers` is path -> (status, body)."""

    def __init__(self, root):
        publisher, self.root = self, root

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                publisher.asked.append(self.path)
                status, body = publisher.answers.get(self.path, (404, b""))
                if publisher.failures.get(self.path, 0) > 0:
                    publisher.failures[self.path] -= 1
                    status, body = 503, b"not now"
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.path in publisher.stalled:
                    self.wfile.write(body[:100])
                    publisher.reached.set()
                    publisher.stalled[self.path].wait(60)
                    return
                self.wfile.write(body[: publisher.sent.get(self.path)])

            def log_message(self, *_):
                pass

        self.answers, self.asked = {}, []
        self.failures = {}  # path -> how many times it answers 503 first
        self.sent = {}  # path -> after how many bytes the connection breaks
        self.stalled, self.reached = {}, threading.Event()  # path -> what it waits for halfway
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.servers = dict.fromkeys(SERVERS, self.url)
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def lists(self, path, content):
        self.answers[path] = 200, json.dumps(content).encode()

    def put(self, path, body):
        """Serve a file; return its URL, size and MD5."""
        self.answers[path] = 200, body
        return self.url + path, len(body), hashlib.md5(body).hexdigest()

    def fetch(self, *names):
        return fetch(names, self.root, servers=self.servers)

    def files_asked(self):
        asked = [path for path in self.asked if path not in (RAVDESS_LIST, TESS_LIST)]
        self.asked.clear()
        return asked


def _zip(members):
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return body.getvalue()


def _wav(tmp_path, seed):
    return write_clip(tmp_path / "made" / "clip.wav", seconds=0.3, seed=seed).read_bytes()


def _ravdess(publisher, archives, **changed):
    links = {"self": f"{publisher.url}/video"}  # the record has videos too, which nobody wants
    files = [dict(key="Video_Speech_Actor_01.zip", size=10**15, checksum="md5:", links=links)]
    for key, body in archives.items():
        url, size, md5 = publisher.put(f"{RAVDESS_LIST}/files/{key}/content", body)
        entry = dict(key=key, size=size, checksum=f"md5:{md5}", links={"self": url})
        files.append(entry | changed)
    publisher.lists(RAVDESS_LIST, dict(id=1188976, files=files))


def _tess(publisher, files, **changed):
    entries = []
    for number, ((label, name), body) in enumerate(files.items()):
        _, size, md5 = publisher.put(f"/api/access/datafile/{number}", body)
        data = dict(id=number, filename=name, filesize=size, md5=md5) | changed
        entries.append(dict(directoryLabel=label) if label else {})
        entries[-1]["dataFile"] = data
    version = dict(latestVersion=dict(files=entries))
    publisher.lists(TESS_LIST, dict(status="OK", data=version))


@pytest.fixture
def publisher(tmp_path, monkeypatch):
    """Both publishers with tiny corpora: RAVDESS of two archives, TESS of three clips, a text."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr("pooch.core.time.sleep", lambda _: None)
    publisher = Publisher(tmp_path / "data")
    speech = {f"Actor_0{k}/03-01-05-01-01-01-0{k}.wav": _wav(tmp_path, k) for k in (1, 2)}
    song = {"Actor_01/03-02-05-01-01-01-01.wav": _wav(tmp_path, 3)}
    _ravdess(publisher, {SPEECH: _zip(speech), SONG: _zip(song)})
    names = ("OAF_back_angry.wav", "YAF_back_sad.wav", "YAF_bean_sad.wav")
    clips = {("YAF" if n[0] == "Y" else "", n): _wav(tmp_path, 4 + k) for k, n in enumerate(names)}
    _tess(publisher, clips | {("", "readme.txt"): b"about"})
    yield publisher
    publisher.http.shutdown()
    publisher.http.server_close()


def _tree(root):
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


RAVDESS_TREE = [
    "RAVDESS/Audio_Song_Actors_01-24/Actor_01/03-02-05-01-01-01-01.wav",
    "RAVDESS/Audio_Speech_Actors_01-24/Actor_01/03-01-05-01-01-01-01.wav",
    "RAVDESS/Audio_Speech_Actors_01-24/Actor_02/03-01-05-01-01-01-02.wav",
]
TESS_TREE = ["TESS/OAF_back_angry.wav", "TESS/YAF/YAF_back_sad.wav", "TESS/YAF/YAF_bean_sad.wav"]


def test_both_corpora_are_fetched_and_recognised(publisher, tmp_path, capsys):
    root = publisher.root = tmp_path / "new" / "data"
    folders = publisher.fetch("ravdess", "tess", "ravdess")
    assert folders == [root / "RAVDESS", root / "TESS"]
    assert _tree(root) == [".downloads.json", *RAVDESS_TREE, *TESS_TREE]
    clips, problems = index_clips(root, n_jobs=1)
    assert sorted(clips.path) == RAVDESS_TREE + TESS_TREE and problems.empty
    assert all(path.stat().st_mode & 0o044 for path in root.rglob("*.wav"))
    printed = capsys.readouterr().out
    assert printed.count("CC BY-NC-SA 4.0") == printed.count("e0196391") == 1
    assert printed.count("CC BY-NC-ND 4.0") == printed.count("Pichora-Fuller") == 1


def test_a_finished_file_is_never_fetched_again(publisher):
    for expected in (5, 0):
        publisher.fetch("ravdess", "tess")
        assert len(publisher.files_asked()) == expected


def test_what_is_lost_or_damaged_or_new_is_fetched_again(publisher):
    root = publisher.root
    publisher.fetch("ravdess", "tess")
    publisher.files_asked()
    shutil.rmtree(root / "RAVDESS" / "Audio_Song_Actors_01-24")
    (root / "TESS" / "OAF_back_angry.wav").write_bytes(b"damaged")
    publisher.fetch("ravdess", "tess")
    assert publisher.files_asked() == [
        f"{RAVDESS_LIST}/files/{SONG}/content",
        "/api/access/datafile/0",
    ]
    new = _zip({RAVDESS_TREE[1].split("/", 2)[2]: b"another"})
    _ravdess(publisher, {SPEECH: new, SONG: new})
    publisher.fetch("ravdess")
    assert len(publisher.files_asked()) == 2
    assert (root / RAVDESS_TREE[1]).read_bytes() == b"another"


@pytest.mark.parametrize("record", ["not json", "[1]", "{}"])
def test_a_damaged_record_means_fetching_again(publisher, record):
    root = publisher.root
    publisher.fetch("ravdess")
    (root / ".downloads.json").write_text(record)
    publisher.files_asked()
    publisher.fetch("ravdess")
    assert len(publisher.files_asked()) == 2 and len(_tree(root)) == 4


def test_files_put_there_by_hand_stay(publisher):
    mine = publisher.root / "RAVDESS" / "Audio_Speech_Actors_01-24" / "notes.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    publisher.fetch("ravdess")
    assert mine.read_text() == "mine"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (dict(md5="0" * 32), [f"md5:{'0' * 32}", "got 13 bytes with md5:"]),
        (dict(filesize=7), ["expected 7 bytes", "got 13 bytes"]),
    ],
)
def test_a_file_unlike_the_list_is_refused(publisher, capsys, changed, says):
    _tess(publisher, {("", "OAF_back_angry.wav"): b"not what it i"}, **changed)
    with pytest.raises(CorpusError) as error:
        publisher.fetch("tess")
    for words in ["TESS/OAF_back_angry.wav", *says]:
        assert words in str(error.value)
    assert _tree(publisher.root) == []
    assert len(publisher.files_asked()) == 3 and "39.0" not in capsys.readouterr().err


def test_an_archive_unlike_the_list_is_not_unpacked(publisher):
    _ravdess(publisher, {SPEECH: _zip({"a.wav": b""}), SONG: b""}, checksum=f"md5:{'0' * 32}")
    with pytest.raises(CorpusError, match=SPEECH):
        publisher.fetch("ravdess")
    assert _tree(publisher.root) == []


def test_a_truncated_answer_is_refused(publisher):
    publisher.sent["/api/access/datafile/0"] = 100
    with pytest.raises(CorpusError, match=r"TESS/OAF_back_angry\.wav.*Run the same"):
        publisher.fetch("tess")
    assert _tree(publisher.root) == []
    del publisher.sent["/api/access/datafile/0"]
    publisher.fetch("tess")
    assert _tree(publisher.root) == TESS_TREE


def test_a_passing_failure_is_tried_again(publisher):
    publisher.failures["/api/access/datafile/1"] = 2
    publisher.fetch("tess")
    assert _tree(publisher.root) == TESS_TREE


def test_after_a_failure_the_finished_files_are_kept(publisher):
    publisher.failures["/api/access/datafile/1"] = 3
    with pytest.raises(CorpusError, match=r"YAF_back_sad\.wav.*503"):
        publisher.fetch("ravdess", "tess")
    assert _tree(publisher.root) == [".downloads.json", *RAVDESS_TREE, TESS_TREE[0]]
    publisher.files_asked()
    publisher.fetch("ravdess", "tess")
    assert publisher.files_asked() == ["/api/access/datafile/1", "/api/access/datafile/2"]


def test_stopped_in_the_middle_of_unpacking_it_goes_on(publisher, monkeypatch, capsys):
    root, copy, calls = publisher.root, shutil.copyfileobj, []

    def stop_at_the_second(source, sink):
        calls.append(copy(source, sink))
        if len(calls) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("shutil.copyfileobj", stop_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            publisher.fetch("ravdess")
    assert _tree(root) == [f"RAVDESS/{SPEECH}", RAVDESS_TREE[1]]
    assert publisher.files_asked() == [f"{RAVDESS_LIST}/files/{SPEECH}/content"]
    assert "100%" not in capsys.readouterr().err
    publisher.fetch("ravdess")
    assert "100%" in capsys.readouterr().err
    assert publisher.files_asked() == [f"{RAVDESS_LIST}/files/{SONG}/content"]
    assert _tree(root) == [".downloads.json", *RAVDESS_TREE]


def test_killed_in_the_middle_of_a_file_it_is_not_taken_for_finished(publisher):
    root, path = publisher.root, f"{RAVDESS_LIST}/files/{SPEECH}/content"
    publisher.stalled[path] = threading.Event()
    program = (
        "import pathlib, sys; from serlib.corpora import fetch;"
        "fetch(['ravdess'], pathlib.Path(sys.argv[1]), servers={'zenodo': sys.argv[2]})"
    )
    child = subprocess.Popen([sys.executable, "-c", program, root, publisher.url])
    try:
        assert publisher.reached.wait(60)
    finally:
        child.kill()
        child.wait()
        publisher.stalled.pop(path).set()
    (rest,) = _tree(root)
    assert rest.startswith("RAVDESS/tmp") and "." not in rest
    (root / rest).unlink()
    publisher.fetch("ravdess")
    assert _tree(root) == [".downloads.json", *RAVDESS_TREE]


def test_an_archive_that_a_kill_left_behind_goes_once_it_is_unpacked(publisher):
    publisher.fetch("ravdess")
    left = publisher.root / "RAVDESS" / SPEECH
    left.write_bytes(b"unpacked before")
    publisher.fetch("ravdess")
    assert not left.exists() and _tree(publisher.root) == [".downloads.json", *RAVDESS_TREE]


@pytest.mark.parametrize("status", [404, 503])
@pytest.mark.parametrize("name", ["ravdess", "tess"])
def test_a_publisher_without_a_list(publisher, status, name):
    path = {"ravdess": RAVDESS_LIST, "tess": TESS_LIST}[name]
    publisher.answers[path] = status, b""
    with pytest.raises(CorpusError, match=str(status)) as error:
        publisher.fetch(name)
    assert publisher.url + path in str(error.value) and "doi.org" in str(error.value)


def test_a_publisher_that_is_away(publisher):
    publisher.servers["zenodo"] = "http://127.0.0.1:9"
    with pytest.raises(CorpusError, match=r"http://127\.0\.0\.1:9/api/records/1188976"):
        publisher.fetch("ravdess")


@pytest.mark.parametrize(
    "body",
    [
        b"<html>moved</html>",
        b"[]",
        b"null",
        b"{}",
        b'{"files": []}',
        b'{"files": [{"key": "a.zip"}]}',
        b'{"data": {"latestVersion": {"files": []}}}',
        b'{"data": {"latestVersion": {"files": [{"dataFile": {"id": 1, "filename": "a.wav"}}]}}}',
    ],
)
@pytest.mark.parametrize("name", ["ravdess", "tess"])
def test_a_list_of_another_form(publisher, name, body):
    publisher.answers[RAVDESS_LIST] = publisher.answers[TESS_LIST] = 200, body
    with pytest.raises(CorpusError, match="name, size and checksum") as error:
        publisher.fetch(name)
    assert publisher.url in str(error.value) and publisher.files_asked() == []


@pytest.mark.parametrize("changed", [dict(size="12"), dict(checksum="sha1:" + "0" * 40)])
def test_a_list_without_size_or_md5(publisher, changed):
    _ravdess(publisher, {SPEECH: b"", SONG: b""}, **changed)
    with pytest.raises(CorpusError, match="name, size and checksum"):
        publisher.fetch("ravdess")


def test_a_list_with_one_archive_of_two(publisher):
    _ravdess(publisher, {SPEECH: _zip({"a.wav": b""})})
    with pytest.raises(CorpusError, match="1 files"):
        publisher.fetch("ravdess")


def test_dataverse_in_its_other_forms(publisher):
    clip, archive = b"RIFF", _zip({"OAF_Sad/OAF_back_sad.wav": b"RIFF"})
    md5 = hashlib.md5(clip).hexdigest().upper()
    _tess(publisher, {("", "a.WAV"): clip}, md5=None, checksum=dict(type="MD5", value=md5))
    publisher.fetch("tess")
    _tess(publisher, {("more", "TESS.v2.ZIP"): archive})
    publisher.fetch("tess")
    assert _tree(publisher.root) == [
        ".downloads.json",
        "TESS/a.WAV",
        "TESS/more/TESS.v2/OAF_Sad/OAF_back_sad.wav",
    ]


def test_emodb(publisher, tmp_path):
    clip = "emodb/wav/03a01Fa.wav"
    url, size, md5 = publisher.put("/file", _zip({clip: _wav(tmp_path, 0)}))
    entry = dict(key="emodb.zip", size=size, checksum=f"md5:{md5}", links={"self": url})
    publisher.lists("/api/records/7447302", dict(files=[entry]))
    publisher.fetch("emodb")
    clips, _ = index_clips(publisher.root, n_jobs=1)
    assert list(clips.path) == [f"EMODB/emodb/{clip}"]


@pytest.mark.parametrize("name", ["../../evil.wav", "{root}/evil.wav"])
def test_an_archive_that_leads_out_is_refused(publisher, tmp_path, name):
    evil = _zip({"good.wav": b"", name.format(root=tmp_path): b"evil"})
    _ravdess(publisher, {SPEECH: evil, SONG: evil})
    with pytest.raises(CorpusError, match=r"evil\.wav.*refused"):
        publisher.fetch("ravdess")
    assert _tree(publisher.root) == [f"RAVDESS/{SPEECH}"] and not list(tmp_path.glob("evil*"))


def test_a_list_that_leads_out_is_refused(publisher, tmp_path):
    _tess(publisher, {("a/../../..", "evil.wav"): b"evil"})
    with pytest.raises(CorpusError, match=r"evil\.wav.*refused"):
        publisher.fetch("tess")
    assert publisher.files_asked() == [] and not list(tmp_path.rglob("evil*"))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("iemocap", ["no such corpus", "ravdess, tess, emodb"]),
        ("savee", ["registration", "http://kahlan.eps.surrey.ac.uk/savee/", "data"]),
    ],
)
def test_names_are_checked_before_anything_is_fetched(publisher, name, says):
    with pytest.raises(CorpusError) as error:
        publisher.fetch("ravdess", name)
    for words in [name, *says]:
        assert words in str(error.value)
    assert publisher.asked == [] and not publisher.root.exists()


@pytest.mark.parametrize(("name", "times"), [("tess", 1), ("ravdess", 4)])
def test_room_is_looked_for_before_a_file_is_fetched(publisher, tmp_path, monkeypatch, name, times):
    wanted = [body for path, (_, body) in publisher.answers.items() if "datafile/3" not in path]
    wanted = {"ravdess": wanted[:2], "tess": wanted[3:6]}[name]  # the third is RAVDESS's list
    usage = shutil.disk_usage(tmp_path)._replace(free=times * sum(map(len, wanted)) - 1)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with pytest.raises(CorpusError, match=r"data: 0 MB are free, expected"):
        publisher.fetch(name)
    assert publisher.files_asked() == []
    usage = usage._replace(free=usage.free + 1)
    publisher.fetch(name)
    usage = usage._replace(free=0)
    publisher.fetch(name)


def test_a_root_that_cannot_be_written_to(publisher):
    publisher.root.write_text("a file")
    with pytest.raises(CorpusError, match="data: cannot be written to"):
        publisher.fetch("tess")


def _repository(publisher, corpus, files):
    """Serve a repository with a list of these files, of 4481 clips as many as there must be."""
    source, tree = CORPORA[corpus].source, []
    for path, body in files.items():
        publisher.put(f"{source.files}/{path}", body)
        sha = hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()
        tree.append(dict(path=path, type="blob", size=len(body), sha=sha))
    publisher.lists(source.listing, dict(tree=[*tree, dict(path="samples", type="tree")]))


def test_a_repository_is_fetched_file_by_file_and_checked(publisher, tmp_path, monkeypatch):
    names = ("EB0_anger_1", "SM0_surprised_1")
    files = {f"samples/{name}.wav": _wav(tmp_path, k) for k, name in enumerate(names)}
    known = replace(CORPORA["nemo"], source=replace(CORPORA["nemo"].source, least=2))
    monkeypatch.setitem(CORPORA, "nemo", known)
    _repository(publisher, "nemo", files | {"data.tsv": b"other"})
    for _ in range(2):
        publisher.fetch("nemo")
    assert _tree(publisher.root) == [f"NEMO/{path}" for path in files]
    assert len(publisher.asked) == 2 + 2  # the list twice, each clip once
    clips, _ = index_clips(publisher.root, n_jobs=1)
    assert list(clips.emotion) == ["angry", "surprise"]
    (publisher.root / "NEMO/samples/EB0_anger_1.wav").write_bytes(b"damaged")
    publisher.fetch("nemo")
    assert len(index_clips(publisher.root, n_jobs=1)[0]) == 2
    publisher.put(f"{known.source.files}/samples/EB0_anger_1.wav", b"another")
    (publisher.root / "NEMO/samples/EB0_anger_1.wav").unlink()
    with pytest.raises(CorpusError, match="git:"):
        publisher.fetch("nemo")
