"""Whole files of every kind that is read, from which damaged ones are made; no corpus is needed."""

import hashlib
import io
import json
from pathlib import Path

import av
import numpy as np
import soundfile as sf

from serlib.audio import synthesise
from serlib.features import FEATURE_COLUMNS, KEY_COLUMNS
from serlib.inference import find_bundle
from serlib.paths import Project

# Format, subtype and rate of what libsndfile writes
_LIBSNDFILE = [("WAV", s, 22050) for s in ("PCM_U8", "PCM_16", "PCM_24", "FLOAT", "DOUBLE")]
_LIBSNDFILE += [("WAV", s, 16000) for s in ("ULAW", "ALAW", "IMA_ADPCM", "MS_ADPCM")]
_LIBSNDFILE += [("WAV", "GSM610", 8000), ("WAVEX", "PCM_16", 48000), ("RF64", "PCM_16", 44100)]
_LIBSNDFILE += [("W64", "PCM_16", 16000), ("AIFF", "PCM_16", 44100), ("AU", "PCM_16", 8000)]
_LIBSNDFILE += [("CAF", "PCM_16", 22050), ("CAF", "ALAC_16", 22050), ("FLAC", "PCM_16", 22050)]
_LIBSNDFILE += [("OGG", "VORBIS", 22050), ("OGG", "OPUS", 48000), ("MP3", "MPEG_LAYER_III", 22050)]
_LIBSNDFILE += [("NIST", "PCM_16", 16000), ("VOC", "PCM_16", 16000), ("SVX", "PCM_16", 16000)]
# Container and codec of what FFmpeg writes
_FFMPEG = [("mp4", "aac"), ("mov", "aac"), ("mp4", "alac"), ("webm", "libopus")]
_FFMPEG += [("matroska", "vorbis"), ("matroska", "aac"), ("matroska", "flac"), ("asf", "wmav2")]
_FFMPEG += [("adts", "aac"), ("ac3", "ac3"), ("mp2", "mp2"), ("avi", "mp2"), ("3gp", "aac")]
_FFMPEG += [("ogg", "libopus"), ("mpegts", "aac"), ("flv", "aac"), ("aiff", "pcm_s16be")]


def recordings(seed: int) -> dict[str, bytes]:
    """Return a short clip of a synthetic voice in every format, by a name with its suffix."""
    rng, found = np.random.default_rng(seed), {}
    y = synthesise("happy", speaker="05", sentence="kids", rng=rng, sr=48000)[24000:76800]
    for kind, subtype, sr in _LIBSNDFILE:
        buffer = io.BytesIO()
        sf.write(buffer, y[:: 48000 // sr], sr, format=kind, subtype=subtype)
        found[f"{kind}-{subtype}.{kind.lower()}"] = buffer.getvalue()
    for kind, codec in _FFMPEG:
        found[f"{kind}-{codec}.{kind}"] = _encoded(y, kind, codec)
    return found


def _encoded(y: np.ndarray, kind: str, codec: str) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=kind) as container:
        layout = "stereo" if codec == "vorbis" else "mono"  # all that FFmpeg's own takes
        stream = container.add_stream(codec, rate=48000, layout=layout)
        stream.bit_rate, stream.options = 64000, {"strict": "experimental"}
        for start in range(0, len(y), 4800):
            pcm = (32767 * y[None, start : start + 4800]).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
            frame.sample_rate, frame.pts = 48000, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def clips_tables(seed: int) -> dict[str, bytes]:
    """Return a few rows of the shipped clip table."""
    lines = (Project.here().root / "emotion_path.csv").read_bytes().splitlines(keepends=True)
    return {"emotion_path.csv": b"".join(lines[::150])}


def features_tables(seed: int) -> dict[str, bytes]:
    """Return a features table of a few rows, and what made it."""
    numbers = np.random.default_rng(seed).standard_normal((3, len(FEATURE_COLUMNS)))
    lines = [",".join([*KEY_COLUMNS, *FEATURE_COLUMNS])]
    for variant, row in zip(("original", "noise", "stretch_pitch"), numbers, strict=True):
        facts = "ravdess:03-01-01-01-01-01-01,a.wav,ravdess,ravdess:01,neutral"
        lines.append(f"{facts},{variant}," + ",".join(f"{x:.6g}" for x in row))
    table = ("\n".join(lines) + "\n").encode()
    made = json.loads((Project.here().root / "features.json").read_text())
    made["sha256"] = hashlib.sha256(table).hexdigest()
    return {"features.csv": table, "features.json": json.dumps(made).encode()}


def labels(seed: int) -> dict[str, bytes]:
    """Return tables of one's own recordings, as programs write them."""
    rows = [["file", "emotion", "speaker", "gender", "text"]]
    rows += [[f"clips\\{k}.wav", e, "Ännä", "w", "so"] for k, e in enumerate(("happy", "sad"))]
    commas, tabs = ("\n".join(s.join(row) for row in rows) for s in ",\t")
    semicolons = "\r\n".join(";".join(f'"{cell}"' for cell in row) for row in rows)
    texts = dict(a=commas.encode(), b=semicolons.encode("utf-8-sig"), c=tabs.encode("utf-16"))
    return {f"{name}-labels.csv": text for name, text in texts.items()}


def bundles(seed: int) -> dict[str, bytes]:
    """Return the smallest bundle that is shipped, and its card."""
    path = find_bundle("mfcc_cnn")
    return {f.name: f.read_bytes() for f in sorted(path.parent.glob(f"{path.stem}.*"))}


def parameters(seed: int) -> dict[str, bytes]:
    """Return values of parameters of notebooks, as they are typed."""
    texts = "3", "0.5", "True", "[1, 2]", "{a: 1}", "2026-01-01", "clips", "1e3", "'x'", "mfcc_cnn"
    return {f"{k}.txt": text.encode() for k, text in enumerate(texts)}


KINDS = dict(
    recordings=recordings,
    clips_tables=clips_tables,
    features_tables=features_tables,
    labels=labels,
    bundles=bundles,
    parameters=parameters,
)


def write(kind: str, seed: int, folder: Path) -> list[Path]:
    """Write the whole files of a kind to a folder; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in KINDS[kind](seed).items():
        (folder / name).write_bytes(content)
    return sorted(folder.iterdir())
