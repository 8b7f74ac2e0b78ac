"""The command line: parse, call, print."""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from typing import TextIO

from .errors import AudioError, SerlibError
from .files import FULL
from .options import Version, add_predict, add_run, check_alone, parsed

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
    _fill_descriptors()
    for stream in (sys.stdout, sys.stderr):  # names of files need not be UTF-8
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    arguments = argparse.Namespace()
    try:
        arguments = parsed(_parser(), sys.argv[1:] if argv is None else argv)
        if getattr(arguments, "dask", ""):
            from .workers import CLUSTER

            os.environ[CLUSTER] = arguments.dask
        return arguments.call(arguments) or 0
    except SerlibError as error:
        print(f"serlib: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # as in `serlib predict ... | head -1`
        sys.stdout = None
        return 0
    except OSError as error:
        if error.errno not in FULL:
            raise
        sys.stdout = None
        print(f"serlib: {error}; what was printed is not whole", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"serlib: stopped{getattr(arguments, 'resumed', '')}", file=sys.stderr)
        return 130


def _fill_descriptors() -> None:
    """Open what the shell closed (``2>&-``): a model's file would be taken for standard error."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="serlib",
        description="Speech emotion recognition.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=Version, help="say which version this is")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    which = argparse.ArgumentParser(add_help=False)
    which.add_argument("--system", default="", metavar="NAME", help="who answers (any_voice)")
    which.add_argument("--bundle", default="", help="another bundle than the shipped one")
    run = commands.add_parser("run", help="run the notebooks in order", add_help=False)
    run.set_defaults(call=_run, resumed=_RESUMED)
    add_run(run)
    epilog = "Exit status: 0 all recordings answered, 1 some were not, 2 none could be."
    how = dict(help="say which emotion is in a recording", epilog=epilog)
    predict = commands.add_parser("predict", parents=[which], add_help=False, **how)
    predict.set_defaults(call=_predict)
    add_predict(predict)
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
    from .audio import recordings
    from .inference import named_bundle
    from .recordings import answers, told

    files = recordings([*arguments.files, *arguments.more])
    if arguments.forget and (files or arguments.enrol or arguments.voice):
        raise SerlibError(f"--forget stands alone: serlib predict --forget {arguments.forget}")
    if not files and (arguments.forget or (arguments.enrol and arguments.voice)):
        return _voice_alone(arguments)
    if not files:
        enrol = "--enrol CLIP... -- " if arguments.enrol else ""
        raise AudioError(f"no recording is named: serlib predict {enrol}FILE...")
    check_alone(arguments)
    if arguments.png:
        told.check_picture(arguments.png, files if arguments.timeline else [])
    named_bundle(arguments.system, arguments.bundle)
    absent = answers.absent(files)  # told before a model is loaded
    for error in absent.values():
        print(f"serlib: {error}", file=sys.stderr)
    there = [file for file in files if file not in absent]
    if not there:
        return 2
    form = next((form for form in ("json", "csv", "png") if getattr(arguments, form)), "table")
    if arguments.timeline:
        if arguments.strict:
            raise SerlibError("--timeline does not take --strict")
        bundle = _opened(arguments)
        if arguments.same_voice:
            from .inference import following  # which loads SciPy, as voices do

            bundle = following(bundle)
        lines = told.timelines(there, bundle, form=form, png=arguments.png)
    else:
        how = dict(same_voice=arguments.same_voice, strict=arguments.strict)
        how["named"] = arguments.system, arguments.bundle
        lines = answers.lines(there, _opened(arguments), form=form, **how)
    failed = len(absent)
    for line in lines:
        wrong = isinstance(line, SerlibError)
        _say(f"serlib: {line}" if wrong else line, sys.stderr if wrong else sys.stdout)
        failed += wrong
    return 0 if not failed else 2 if failed == len(files) else 1


def _opened(arguments: argparse.Namespace) -> dict:
    """Return the bundle that answers; it knows a voice, if one is named or enrolled."""
    from .audio import held, recordings
    from .inference import named_bundle, open_bundle
    from .recordings import answers

    where = arguments.system, arguments.bundle
    if not (arguments.enrol or arguments.voice):
        return open_bundle(*where)
    from .inference import Voices  # which loads SciPy

    clips, name = recordings(arguments.enrol), arguments.voice or ""
    for error in answers.absent(clips).values():
        raise error
    voices, how = Voices.here(), dict(clips=[held(clip) for clip in clips], name=name)
    anew = clips and name in voices.names()
    bundle = voices.known(open_bundle(*where), named_bundle(*where), **how)
    if anew:
        print(f"serlib: the voice {name} is learnt anew, the one before is gone", file=sys.stderr)
    return bundle


def _voice_alone(arguments: argparse.Namespace) -> int:
    from .inference import Voices

    if arguments.forget:
        Voices.here().forget(arguments.forget)
        print(f"forgotten: {arguments.forget}")
    else:
        print(f"kept: {arguments.voice}, of {_opened(arguments)['voice'].count} clips")
    return 0


def _say(text: str, file: TextIO) -> None:
    """Print a line now, and the progress bar below it if there is one."""
    from tqdm import tqdm

    with tqdm.external_write_mode(file):
        print(_harmless(text) if file and file.isatty() else text, file=file, flush=True)


def _harmless(text: str) -> str:
    """Return a line without what in a file's name would command the terminal."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", lambda found: ascii(found[0])[1:-1], text)


def _one_thread_for_matrices() -> None:
    """Tell NumPy, before it is loaded: matrices are small here, and threads only wait."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _listen(arguments: argparse.Namespace) -> None:
    _one_thread_for_matrices()
    from .audio import held
    from .inference import open_bundle
    from .recordings import microphone, simulated, told

    bundle = open_bundle(arguments.system, arguments.bundle)
    sr, device = bundle["extractor"].sr, arguments.device
    device = int(device) if device and device.isdigit() else device
    sound = simulated(held(arguments.simulate), sr) if arguments.simulate else None
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
