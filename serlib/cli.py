"""The command line: parse, call, print."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TextIO

from .errors import AudioError, SerlibError


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status.

    0; 1 where a few recordings were not answered; 2 after a message on standard error; 130
    where it was stopped.
    """
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
        print("serlib: stopped; the same command goes on where this one was", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="serlib", description="Speech emotion recognition.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="run the notebooks in order")
    run.set_defaults(call=_run)
    run.add_argument("--only", metavar="NN", help="this notebook alone, as 04 or conv1d")
    run.add_argument("--from", dest="start", metavar="NN", help="this notebook and those after")
    run.add_argument(
        "--system", default="", metavar="NAME", help="fit this system, make its bundle"
    )
    run.add_argument("--data", default="", help="folder of the corpora (else SER_DATA, data/)")
    run.add_argument("--out", default="", help="folder to write to (else artifacts/runs/...)")
    run.add_argument("-p", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"))
    run.add_argument("--publish", action="store_true", help="replace the shipped results")
    predict = commands.add_parser(
        "predict",
        help="say which emotion is in a recording",
        epilog="Exit status: 0 all recordings answered, 1 some were not, 2 none could be.",
    )
    predict.set_defaults(call=_predict)
    predict.add_argument("files", nargs="*", metavar="FILE", help="file, folder or quoted glob")
    for option in ("--file", "--audio_path"):  # as users of S0 and S3 type it
        predict.add_argument(option, dest="more", action="append", default=[], metavar="FILE")
    predict.add_argument("--system", default="", help="which system answers (any_voice)")
    predict.add_argument("--bundle", default="", help="another bundle than the shipped one")
    predict.add_argument(
        "--same-voice", action="store_true", help="the recordings are of one speaker, in order"
    )
    form = predict.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object a recording")
    form.add_argument("--csv", action="store_true", help="one line of CSV a recording")
    download = commands.add_parser("download", help="fetch corpora from their publishers")
    download.set_defaults(call=_download)
    download.add_argument("corpora", nargs="+", metavar="CORPUS")
    download.add_argument("--data", default="", help="folder to put them in (else SER_DATA, data/)")
    app = commands.add_parser("app", help="open the web page")
    app.set_defaults(call=_app)
    app.add_argument("--host", default="127.0.0.1", help="another interface (127.0.0.1)")
    app.add_argument("--port", type=int, help="else the first free one from 7860 on")
    return parser


def _run(arguments: argparse.Namespace) -> None:
    from .paths import Project
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
    print(f"done: executed notebooks and results are in {Project.here().shown(out)}")


def _predict(arguments: argparse.Namespace) -> int:
    # Before NumPy is loaded: its matrices are small here, and threads only wait for each other
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from .inference import answers, open_bundle

    files = answers.recordings([*arguments.files, *arguments.more])
    if not files:
        raise AudioError("no recording is named: serlib predict FILE...")
    bundle = open_bundle(arguments.system, arguments.bundle)
    width = max(map(len, files))
    if arguments.csv:
        print(answers.csv_header(bundle["classes"]))
    elif not arguments.json:
        print(answers.table_header(bundle["classes"], width=width))
    failed = 0
    for file, answer in answers.predict_files(files, bundle, same_voice=arguments.same_voice):
        if isinstance(answer, SerlibError):
            _say(f"serlib: {answer}", sys.stderr)
            failed += 1
        elif arguments.json:
            _say(answers.as_json(file, answer, system=bundle.get("card", {}).get("name", "")))
        elif arguments.csv:
            _say(answers.as_csv(file, answer))
        else:
            _say(answers.as_row(file, answer, width=width))
    return 0 if not failed else 2 if failed == len(files) else 1


def _say(text: str, file: TextIO | None = None) -> None:
    """Print a line now, and the progress bar below it if there is one."""
    from tqdm import tqdm

    with tqdm.external_write_mode(file or sys.stdout):
        print(text, file=file, flush=True)


def _download(arguments: argparse.Namespace) -> None:
    from .corpora import fetch
    from .paths import Project

    for path in fetch(arguments.corpora, Project.here().data(arguments.data)):
        print(path)


def _app(arguments: argparse.Namespace) -> None:
    from .inference.app import serve

    serve(arguments.host, arguments.port)
