"""The command line: parse, call, print."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TextIO

from .errors import AudioError, SerlibError

_RESUMED = "; the same command goes on where this one was"
_EXAMPLES = """\
examples:
  serlib predict voice.m4a                      which emotion is in it
  serlib predict recordings/ --csv > all.csv    a line a recording
  serlib app                                    the same as a web page
  serlib run --only conv1d --help              the parameters of a notebook
  serlib run --only conv1d -p EPOCHS 3         and how one is set"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status.

    0; 1 where a few recordings were not answered; 2 after a message on standard error; 130
    where it was stopped.
    """
    for stream in (sys.stdout, sys.stderr):  # names of files need not be UTF-8
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    arguments = _parser().parse_args(argv)
    try:
        return arguments.call(arguments) or 0
    except SerlibError as error:
        print(f"serlib: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # as in `serlib predict ... | head -1`
        sys.stdout = None
        return 0
    except KeyboardInterrupt:
        print(f"serlib: stopped{getattr(arguments, 'resumed', '')}", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="serlib",
        description="Speech emotion recognition.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, help="say which version this is")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    which = argparse.ArgumentParser(add_help=False)
    which.add_argument("--system", default="", metavar="NAME", help="who answers (any_voice)")
    which.add_argument("--bundle", default="", help="another bundle than the shipped one")
    _add_run(commands.add_parser("run", help="run the notebooks in order", add_help=False))
    epilog = "Exit status: 0 all recordings answered, 1 some were not, 2 none could be."
    how = dict(help="say which emotion is in a recording", epilog=epilog)
    _add_predict(commands.add_parser("predict", parents=[which], add_help=False, **how))
    how = dict(help="say which emotion is in a voice as it speaks")
    listen = commands.add_parser("listen", parents=[which], **how)
    listen.set_defaults(call=_listen)
    listen.add_argument("--simulate", default="", metavar="FILE", help="play a file instead")
    listen.add_argument("--device", help="another microphone than the usual one")
    download = commands.add_parser("download", help="fetch corpora from their publishers")
    download.set_defaults(call=_download, resumed=_RESUMED)
    download.add_argument(
        "corpora", nargs="+", metavar="CORPUS", help="ravdess, tess, ... (README)"
    )
    download.add_argument("--data", default="", help="folder to put them in (else SER_DATA, data/)")
    app = commands.add_parser("app", help="open the web page")
    app.set_defaults(call=_app)
    app.add_argument("--host", default="127.0.0.1", help="another interface (127.0.0.1)")
    app.add_argument("--port", type=int, help="else the first free one from 7860 on")
    return parser


def _add_run(run: argparse.ArgumentParser) -> None:
    run.add_argument("-h", "--help", action=_RunHelp, help="after --only NN with its parameters")
    run.set_defaults(call=_run, resumed=_RESUMED)
    run.add_argument("--only", metavar="NN", help="this notebook alone, as 04, 4 or conv1d")
    run.add_argument("--from", dest="start", metavar="NN", help="this notebook and those after")
    run.add_argument("--system", default="", metavar="NAME", help="fit it, make its bundle")
    run.add_argument("--data", default="", help="folder of the corpora (else SER_DATA, data/)")
    run.add_argument("--out", default="", help="folder to write to (else artifacts/runs/...)")
    how = dict(nargs=2, action="append", default=[], metavar=("NAME", "VALUE"))
    run.add_argument("-p", **how, help="a parameter of the notebooks")
    run.add_argument("--publish", action="store_true", help="replace the shipped results")


def _add_predict(predict: argparse.ArgumentParser) -> None:
    predict.add_argument("-h", "--help", action=_PredictHelp, help="with the systems")
    predict.set_defaults(call=_predict)
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
    form = predict.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object a recording")
    form.add_argument("--csv", action="store_true", help="one line of CSV a recording")
    form.add_argument("--png", default="", metavar="PATH", help="with --timeline: draw it")


class _Version(argparse.Action):
    """Print the version; it is looked up when it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, **how):
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, **how)

    def __call__(self, parser: argparse.ArgumentParser, *_) -> None:
        from importlib.metadata import version

        print(f"serlib {version('serlib')}")
        parser.exit()


class _RunHelp(_Version):
    """Print the help of `run`, and that of the notebook which is named before it."""

    def __call__(self, parser: argparse.ArgumentParser, named: argparse.Namespace, *_) -> None:
        from .workflow import about

        parser.print_help()
        try:
            print("", *about(named.only, named.start), sep="\n")
        except SerlibError as error:
            parser.error(str(error))
        parser.exit()


class _PredictHelp(_Version):
    """Print the help of `predict`, and the systems that answer."""

    def __call__(self, parser: argparse.ArgumentParser, *_) -> None:
        from .systems import SYSTEMS

        parser.print_help()
        print("\nsystems:", *(name for name, system in SYSTEMS.items() if system.offered))
        parser.exit()


def _run(arguments: argparse.Namespace) -> None:
    from .workflow import run_notebooks

    out = run_notebooks(
        only=arguments.only,
        start=arguments.start,
        system=arguments.system,
        data=arguments.data,
        out=arguments.out,
        parameters=arguments.p,
        publish=arguments.publish,
    )
    print(f"done: executed notebooks and results are in {out}")


def _predict(arguments: argparse.Namespace) -> int:
    _one_thread_for_matrices()
    from .inference import named_bundle, open_bundle
    from .recordings import answers, told

    files = answers.recordings([*arguments.files, *arguments.more])
    if not files:
        raise AudioError("no recording is named: serlib predict FILE...")
    if arguments.png and not arguments.timeline:
        raise SerlibError("--png draws a timeline: serlib predict --timeline FILE --png PATH")
    named_bundle(arguments.system, arguments.bundle)
    absent = answers.absent(files)  # told before a model is loaded
    for error in absent.values():
        print(f"serlib: {error}", file=sys.stderr)
    there = [file for file in files if file not in absent]
    if not there:
        return 2
    form = next((form for form in ("json", "csv", "png") if getattr(arguments, form)), "table")
    if arguments.timeline:
        if arguments.png and len(files) > 1:
            raise SerlibError(f"--png: expected one recording, found {len(files)}")
        if arguments.same_voice or arguments.strict:
            raise SerlibError("--timeline takes neither --same-voice nor --strict")
        bundle = open_bundle(arguments.system, arguments.bundle)
        lines = told.timelines(there, bundle, form=form, png=arguments.png)
    else:
        bundle = open_bundle(arguments.system, arguments.bundle)
        how = dict(same_voice=arguments.same_voice, strict=arguments.strict)
        lines = answers.lines(there, bundle, form=form, **how)
    failed = len(absent)
    for line in lines:
        wrong = isinstance(line, SerlibError)
        _say(f"serlib: {line}" if wrong else line, sys.stderr if wrong else sys.stdout)
        failed += wrong
    return 0 if not failed else 2 if failed == len(files) else 1


def _say(text: str, file: TextIO) -> None:
    """Print a line now, and the progress bar below it if there is one."""
    from tqdm import tqdm

    with tqdm.external_write_mode(file):
        print(text, file=file, flush=True)


def _one_thread_for_matrices() -> None:
    """Tell NumPy, before it is loaded: matrices are small here, and threads only wait."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _listen(arguments: argparse.Namespace) -> None:
    _one_thread_for_matrices()
    from .inference import open_bundle
    from .recordings import microphone, simulated, told

    bundle = open_bundle(arguments.system, arguments.bundle)
    sr, device = bundle["extractor"].sr, arguments.device
    device = int(device) if device and device.isdigit() else device
    sound = simulated(arguments.simulate, sr) if arguments.simulate else None
    with sound or microphone(sr, device=device) as live:
        for line in told.listen(live, bundle, in_place=sys.stdout.isatty()):
            print(line, end="", flush=True)


def _download(arguments: argparse.Namespace) -> None:
    from .corpora import fetch
    from .paths import Project

    for path in fetch(arguments.corpora, Project.here().data(arguments.data)):
        print(path)


def _app(arguments: argparse.Namespace) -> None:
    _one_thread_for_matrices()
    from .recordings.app import serve

    serve(arguments.host, arguments.port)


if __name__ == "__main__":
    sys.exit(main())
