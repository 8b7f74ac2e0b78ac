"""Voices that are kept on this machine under a name: a few numbers each, no recording."""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from ..audio import Source
from ..errors import BundleError, SerlibError
from ..files import sha256, write_json
from ..systems import Voice
from .bundle import Bundle
from .enrolment import EnrolledSpeaker

_NAME = re.compile(r"[\w-]{1,40}")


@dataclass(frozen=True)
class Voices:
    """The voices in a folder; each was learnt with one bundle, and is of use with that alone.

    Parameters
    ----------
    folder : Path
    """

    folder: Path

    @classmethod
    def here(cls) -> "Voices":
        """Return those of this user: below ``~/.config/serlib``, or below XDG_CONFIG_HOME."""
        place = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        return cls(place / "serlib" / "voices")

    def keep(self, name: str, voice: Voice, bundle: Path) -> Path:
        """Write a voice under a name, in place of the one before; return its file.

        Raises
        ------
        SerlibError
            If the name cannot be that of a file, or nothing can be written there.
        """
        path = self._path(name)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # how one sounds is private
            write_json(path, dict(bundle=sha256(bundle)) | voice.numbers())
        except OSError as error:
            raise SerlibError(f"the voice {name!r} cannot be kept ({error})") from error
        return path

    def get(self, name: str, bundle: Path) -> Voice:
        """Return a voice that is kept.

        Raises
        ------
        SerlibError
            If there is none of this name, its file is damaged, or it was learnt with another
            bundle.
        """
        path, again = self._path(name), f"serlib predict --voice {name} --enrol CLIP..."
        try:
            kept = json.loads(path.read_text())
            learnt, voice = kept.pop("bundle"), Voice.of_numbers(**kept)
        except FileNotFoundError as error:
            raise SerlibError(
                f"Bad voice {name!r}, expected one of {self.names()}. Make it: {again}"
            ) from error
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SerlibError(f"{path}: is damaged ({error}). Make it anew: {again}") from error
        if learnt != sha256(bundle):
            raise BundleError(
                f"the voice {name!r} was learnt with another bundle than {bundle.name}, whose "
                f"answers lie off in other directions. Make it anew: {again}"
            )
        return voice

    def forget(self, name: str) -> None:
        """Delete a voice.

        Raises
        ------
        SerlibError
            If there is none of this name.
        """
        try:
            self._path(name).unlink()
        except FileNotFoundError as error:
            raise SerlibError(f"Bad voice {name!r}, expected one of {self.names()}") from error
        except OSError as error:
            raise SerlibError(f"the voice {name!r} cannot be deleted ({error})") from error

    def names(self) -> list[str]:
        """Return the names of the voices that are kept."""
        return sorted(path.stem for path in self.folder.glob("*.json"))

    def known(self, bundle: Bundle, path: Path, clips: list[Source], name: str) -> Bundle:
        """Return a bundle that knows a voice: that of clips, kept if it has a name, or one kept.

        Parameters
        ----------
        bundle, path : the bundle, and its file
        clips : list, recordings of the speaker's own; without any the voice is one kept
        name : str, "" to keep nothing

        Raises
        ------
        SerlibError
            As `keep` and `get`.
        AudioError
            If a clip cannot be used.
        BundleError
            If the system cannot keep a voice: it learns none, or as a shift of its features.
        """
        if name and not bundle.get("anywhere"):
            raise BundleError("only `any_voice` keeps a voice; leave out --voice")
        if clips:
            bundle = EnrolledSpeaker(bundle, clips).bundle
            if name:
                self.keep(name, bundle["voice"], path)
        elif name:
            bundle = bundle | dict(voice=self.get(name, path))
        return bundle

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise SerlibError(f"Bad voice {name!r}, expected letters, digits, - and _, at most 40")
        return self.folder / f"{name}.json"
