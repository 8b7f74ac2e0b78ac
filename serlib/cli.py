"""The command line: parse, call, print."""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .errors import AudioError, SerlibError

if TYPE_CHECKING:
    import pandas as pd


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
    form.add_argument("--png", default="", metavar="PATH", help="with --timeline: draw it")
    predict.add_argument(
        "--timeline", action="store_true", help="second by second, of recordings of any length"
    )
    listen = commands.add_parser("listen", help="say which emotion is in a voice as it speaks")
    listen.set_defaults(call=_listen)
    listen.add_argument("--simulate", default="", metavar="FILE", help="play a file instead")
    listen.add_argument("--device", help="another microphone than the usual one")
    listen.add_argument("--system", default="", help="which system answers (any_voice)")
    listen.add_argument("--bundle", default="", help="another bundle than the shipped one")
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
    from .inference import answers, open_bundle

    files = answers.recordings([*arguments.files, *arguments.more])
    if not files:
        raise AudioError("no recording is named: serlib predict FILE...")
    if arguments.timeline:
        return _timeline(files, arguments)
    if arguments.png:
        raise SerlibError("--png draws a timeline: serlib predict --timeline FILE --png PATH")
    bundle = open_bundle(arguments.system, arguments.bundle)
    width = max(map(len, files))
    if arguments.csv:
        print(answers.csv_header(bundle["classes"]))
    elif not arguments.json:
        print(answers.table_header(bundle["classes"], width=width))
    failed = 0
    for file, answer in answers.predict_files(files, bundle, same_voice=arguments.same_voice):
        if isinstance(answer, SerlibError):
            print(f"serlib: {answer}", file=sys.stderr)
            failed += 1
        elif arguments.json:
            print(
                answers.as_json(file, answer, system=bundle.get("card", {}).get("name", "")),
                flush=True,
            )
        elif arguments.csv:
            print(answers.as_csv(file, answer), flush=True)
        else:
            print(answers.as_row(file, answer, width=width), flush=True)
    return 0 if not failed else 2 if failed == len(files) else 1


def _timeline(files: list[str], arguments: argparse.Namespace) -> int:
    from .inference import answers, open_bundle, predict_timeline

    if arguments.png and len(files) > 1:
        raise SerlibError(f"--png: expected one recording, found {len(files)}")
    if arguments.same_voice:
        raise SerlibError("--timeline hears each window alone; leave out --same-voice")
    bundle, failed, header = open_bundle(arguments.system, arguments.bundle), 0, True
    for file in files:
        try:
            table = predict_timeline(file, bundle)
        except AudioError as error:
            print(f"serlib: {error}", file=sys.stderr)
            failed += 1
            continue
        if arguments.png:
            _draw(file, table, arguments.png)
        elif arguments.json:
            system = bundle.get("card", {}).get("name", "")
            print(answers.timeline_json(file, table, system=system), flush=True)
        elif arguments.csv:
            print(answers.timeline_csv(file, table, header=header), flush=True)
        else:
            print(answers.timeline_rows(file, table), flush=True)
        header = False
    return 0 if not failed else 2 if failed == len(files) else 1


def _draw(file: str, table: "pd.DataFrame", path: str) -> None:
    from .evaluation import pictures

    try:
        pictures.timeline_figure(table, file).savefig(path, format="png", dpi=110)
    except OSError as error:
        raise SerlibError(f"{path}: the picture cannot be written ({error})") from error
    print(path)


def _listen(arguments: argparse.Namespace) -> None:
    from .audio import microphone, simulated
    from .inference import answers, open_bundle

    bundle = open_bundle(arguments.system, arguments.bundle)
    sr, device = bundle["extractor"].sr, arguments.device
    device = int(device) if device and device.isdigit() else device
    sound = simulated(arguments.simulate, sr) if arguments.simulate else None
    with sound or microphone(sr, device=device) as live:
        for line in answers.listen(live, bundle, in_place=sys.stdout.isatty()):
            print(line, end="", flush=True)


def _download(arguments: argparse.Namespace) -> None:
    from .corpora import fetch
    from .paths import Project

    for path in fetch(arguments.corpora, Project.here().data(arguments.data)):
        print(path)


def _app(arguments: argparse.Namespace) -> None:
    from .inference.app import serve

    serve(arguments.host, arguments.port)
