"""What the commands `run` and `predict` take, and the help that looks something up."""

import argparse
from collections.abc import Sequence

from .errors import SerlibError

_DASK = dict(default="", metavar="ADDRESS", help="scheduler of a Dask cluster that computes")


def add_run(run: argparse.ArgumentParser) -> None:
    """Add what `serlib run` takes."""
    run.add_argument("-h", "--help", action=_RunHelp, help="after --only NN with its parameters")
    run.add_argument("--only", metavar="NN", help="this notebook alone, as 04, 4 or conv1d")
    run.add_argument("--from", dest="start", metavar="NN", help="this notebook and those after")
    run.add_argument("--system", default="", metavar="NAME", help="fit it, make its bundle")
    run.add_argument("--data", default="", help="folder of the corpora (else SER_DATA, data/)")
    run.add_argument("--out", default="", help="folder to write to (else artifacts/runs/...)")
    how = dict(nargs=2, action="append", default=[], metavar=("NAME", "VALUE"))
    run.add_argument("-p", **how, help="a parameter of the notebooks")
    run.add_argument("--dask", **_DASK)
    run.add_argument("--publish", action="store_true", help="replace the shipped results")


def add_predict(predict: argparse.ArgumentParser) -> None:
    """Add what `serlib predict` takes."""
    predict.add_argument("-h", "--help", action=_PredictHelp, help="with the systems")
    what = "file, folder, quoted glob, or - for a pipe"
    predict.add_argument("files", nargs="*", metavar="FILE", help=what)
    for option in ("--file", "--audio_path"):  # as users of S0 and S3 type it
        predict.add_argument(option, dest="more", action="append", default=[], metavar="FILE")
    for option, what in {
        "--same-voice": "the recordings are of one speaker, in order",
        "--strict": "refuse files that end before their header says",
        "--timeline": "second by second, of recordings of any length",
    }.items():
        predict.add_argument(option, action="store_true", help=what)
    mine = "clips of the speaker, of several emotions; -- ends them"
    how = dict(nargs="+", action="extend", default=[], metavar="CLIP")
    predict.add_argument("--enrol", **how, help=mine)
    kept = "the speaker's voice as it is kept here; with --enrol it is made"
    predict.add_argument("--voice", metavar="NAME", help=kept)
    predict.add_argument("--forget", metavar="NAME", help="delete a voice kept here")
    predict.add_argument("--dask", **_DASK)
    form = predict.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object a recording")
    form.add_argument("--csv", action="store_true", help="one line of CSV a recording")
    form.add_argument("--png", default="", metavar="PATH", help="with --timeline: draw it")


def parsed(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Return what is asked; options may stand between files, and no value may be empty.

    An empty one is what a variable that is not set leaves of ``--system "$NAME"``; of a parameter
    of a notebook it may be meant.

    Raises
    ------
    SerlibError
        For an empty value; the parser ends the process where an option is unknown.
    """
    for k, word in enumerate(argv):
        name = word[:-1] if word.startswith("--") and word.endswith("=") else ""
        if not word and (k < 2 or argv[k - 2] != "-p"):
            name = argv[k - 1] if k and argv[k - 1].startswith("--") else "FILE"
        if name:
            raise SerlibError(f"{name}: expected a value, found nothing. Is a variable unset?")
    arguments, more = parser.parse_known_args(argv)
    if more and (not hasattr(arguments, "files") or any(word.startswith("-") for word in more)):
        hint = "a file whose name begins with - is written ./-name"
        parser.error(f"unrecognized arguments: {' '.join(more)}; {hint}")
    if more:
        arguments.files += more
    return arguments


def check_alone(arguments: argparse.Namespace) -> None:
    """Refuse what a cluster would pass over: it answers clips one by one, of no voice it knows."""
    alone = dict(timeline=arguments.timeline, enrol=arguments.enrol, voice=arguments.voice)
    alone["same-voice"] = arguments.same_voice
    if arguments.dask and (named := [f"--{name}" for name, asked in alone.items() if asked]):
        raise SerlibError(f"--dask does not take {', '.join(named)}: leave out one or the other")


class Version(argparse.Action):
    """Print the version; it is looked up when it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, **how):
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, **how)

    def __call__(self, parser: argparse.ArgumentParser, *_) -> None:
        from importlib.metadata import version

        print(f"serlib {version('serlib')}")
        parser.exit()


class _RunHelp(Version):
    """Print the help of `run`, and that of the notebook which is named before it."""

    def __call__(self, parser: argparse.ArgumentParser, named: argparse.Namespace, *_) -> None:
        from .workflow import about

        parser.print_help()
        try:
            print("", *about(named.only, named.start), sep="\n")
        except SerlibError as error:
            parser.error(str(error))
        parser.exit()


class _PredictHelp(Version):
    """Print the help of `predict`, the systems that answer, and what own clips bring."""

    def __call__(self, parser: argparse.ArgumentParser, *_) -> None:
        from .inference import gain_of, shipped_card
        from .systems import SYSTEMS

        parser.print_help()
        print("\nsystems:", *(name for name, system in SYSTEMS.items() if system.offered))
        print(f"--enrol, --voice and --same-voice: {gain_of(shipped_card())}")
        parser.exit()
