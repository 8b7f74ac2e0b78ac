"""What libsndfile cannot read, FFmpeg can: voice notes, recordings of browsers, sound of videos."""

from os import PathLike
from typing import BinaryIO

import numpy as np

# Beside libsndfile's, what telephones, messengers and browsers write
SUFFIXES = {".m4a", ".mp4", ".webm", ".3gp", ".amr", ".wma", ".aac", ".mov", ".mkv", ".ac3"}


def decode_container(
    source: str | PathLike | BinaryIO, offset: float = 0.0, duration: float | None = None
) -> tuple[np.ndarray, int]:
    """Decode the first stream of sound of a file.

    Parameters
    ----------
    source : path or open binary file
    offset, duration : float, s, the window; None is to the end

    Returns
    -------
    y : np.ndarray [shape=(n, channels)], float32
    sr : int, Hz

    Raises
    ------
    OSError
        If FFmpeg finds no sound in it.
    """
    import av

    source = source if hasattr(source, "read") else str(source)
    try:
        with av.open(source) as container:
            if not container.streams.audio:
                raise OSError("it holds no sound")
            stream = container.streams.audio[0]
            planar = av.AudioResampler(format="fltp")
            parts = [
                part.to_ndarray()
                for frame in container.decode(stream)
                for part in planar.resample(frame)
            ]
            sr = stream.rate
    except (av.FFmpegError, ValueError) as error:
        raise OSError(str(error)) from error
    if not parts:
        raise OSError("it holds no sound")
    start = int(offset * sr)
    stop = None if duration is None else start + int(duration * sr)
    return np.concatenate(parts, axis=1).T[start:stop], sr
