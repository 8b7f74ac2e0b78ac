"""What libsndfile cannot read, FFmpeg can; and how much a file lacks of what its header says."""

import struct
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

if TYPE_CHECKING:
    import av

_FRAME = 4096  # samples: more than an encoder adds at the end, to fill its last frame
# Where FFmpeg's duration is the header's word; elsewhere it is guessed from the size
_TOLD = {"mov", "matroska", "flac", "mp3", "wav", "aiff", "au"}
# Where the first chunk begins, how its name and length are written, which chunk has the samples
_CHUNKS = {
    b"RIFF": (12, "<4sI", b"data"),
    b"RIFX": (12, ">4sI", b"data"),
    b"FORM": (12, ">4sI", b"SSND"),
    b"caff": (8, ">4sq", b"data"),
}
_UNKNOWN = 0x7FF00000  # bytes; from here on a length is a stand-in for one that nobody knew yet
_MOST_CHUNKS = 1000


def decode_container(
    file: BinaryIO, offset: float = 0.0, duration: float | None = None
) -> tuple[np.ndarray, int, float]:
    """Decode the first stream of sound of a file, without what its encoder put around it.

    Packets that are damaged are left out, as FFmpeg does.

    Parameters
    ----------
    file : open binary file, at its beginning
    offset, duration : float, s, the window; None is to the end

    Returns
    -------
    y : np.ndarray [shape=(n, channels)], float32
    sr : int, Hz
    missing : float, s, of what the header promises; 0 of a window

    Raises
    ------
    OSError
        If FFmpeg finds no sound in it, or most of it is damaged.
    """
    until = None if duration is None else offset + duration
    with _opened(file) as (container, stream):
        parts, rates = zip(*_decoded(container, stream, until), strict=True)
        promised, sr = _promised(container, stream), rates[-1]
    y = joined(parts)
    if promised and 0 < len(y) - round(promised * sr) < _FRAME:
        y = y[: round(promised * sr)]
    if offset or duration is not None:
        start = int(offset * sr)
        return y[start:][: None if duration is None else int(duration * sr)], sr, 0.0
    return y, sr, max(0.0, promised - len(y) / sr)


def joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Join parts [shape=(n, channels)]; where channels come and go their mean is left.

    So it is in broadcasts, and in files that are damaged.
    """
    if len({part.shape[1] for part in parts}) > 1:
        parts = [part.mean(axis=1, keepdims=True) for part in parts]
    return np.concatenate(parts)


def parts_of(file: BinaryIO) -> Iterator[tuple[np.ndarray, int]]:
    """Yield what `decode_container` returns, part by part [shape=(n, channels)], and the rate.

    What an encoder put behind the end is not taken off.
    """
    with _opened(file) as (container, stream):
        yield from _decoded(container, stream)


@contextmanager
def _opened(
    file: BinaryIO,
) -> Iterator[tuple["av.container.InputContainer", "av.AudioStream"]]:
    import av

    try:
        with av.open(file) as container:
            if not container.streams.audio:
                raise OSError("it holds no sound")
            yield container, container.streams.audio[0]
    except (av.FFmpegError, ValueError) as error:
        raise OSError(str(error)) from error


def _decoded(
    container: "av.container.InputContainer", stream: "av.AudioStream", until: float | None = None
) -> Iterator[tuple[np.ndarray, int]]:
    """Yield the samples up to a time, part by part [shape=(n, channels)], and their rate."""
    import av

    # Samples in turn, not planes: of eight planes PyAV counts nine, and reads what is not there
    packed = defaultdict(lambda: av.AudioResampler(format="flt"))
    count = whole = broken = 0
    for packet in _packets(container, stream):
        try:
            frames = packet.decode()
        except av.FFmpegError:
            broken += 1
            continue
        for frame in frames:
            # The stream's rate is half of the frame's where the decoder doubles it
            for part in packed[frame.format.name, frame.layout.name, frame.rate].resample(frame):
                channels = part.layout.nb_channels
                yield part.to_ndarray().reshape(-1, channels), frame.sample_rate
            count, whole = count + frame.samples, whole + 1
        if until is not None and frames and count >= until * frames[-1].sample_rate:
            break
    if not whole:
        raise OSError("it holds no sound")
    if broken > whole:
        raise OSError("most of it is damaged")


def _packets(
    container: "av.container.InputContainer", stream: "av.AudioStream"
) -> Iterator["av.Packet"]:
    """Yield the packets of a stream; PyAV stumbles over those of streams that begin later."""
    while True:
        try:
            yield from container.demux(stream)
            return
        except IndexError:
            continue


def _promised(container: "av.container.InputContainer", stream: "av.AudioStream") -> float:
    """Return how long the sound should last, s; 0 where the header does not say."""
    if not _TOLD & set(container.format.name.split(",")):
        return 0.0
    if stream.duration:
        return float(stream.duration * stream.time_base)
    return 0.0 if container.streams.video else (container.duration or 0) / 1e6


def beyond(file: BinaryIO) -> float:
    """Return how much of the samples lies beyond the end of a WAV, AIFF, CAF or AU file.

    Returns
    -------
    float, as a share of those that are there: 1 for a file that was cut in the middle
        0 where nothing is missing, where the recorder died before it wrote the length, and for
        other formats.
    """
    size = file.seek(0, 2)
    file.seek(0)
    promised, there = next(_samples(file, size), (0, 1))
    file.seek(0)
    known = 0 < promised < _UNKNOWN and there > 0
    return max(0.0, promised / there - 1) if known else 0.0


def _samples(file: BinaryIO, size: int) -> Iterator[tuple[int, int]]:
    """Yield how long the chunk of samples should be and how long it can be, bytes."""
    head = file.read(12)
    if head[:4] == b".snd" and len(head) == 12:
        begin, length = struct.unpack(">II", head[4:])
        yield length, size - begin
    place, form, wanted = _CHUNKS.get(head[:4], (size, "<4sI", b""))
    for _ in range(_MOST_CHUNKS):
        file.seek(place)
        head = file.read(struct.calcsize(form))
        if len(head) < struct.calcsize(form):
            return
        name, length = struct.unpack(form, head)
        place += len(head)
        if name == wanted:
            yield length, size - place
            return
        place += length + (length % 2 if len(head) == 8 else 0)
        if not 0 <= length <= place <= size:
            return
