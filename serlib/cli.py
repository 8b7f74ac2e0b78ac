"""The command line: parse, call, print."""

import argparse
import json
import sys
from collections.abc import Sequence

from .errors import SerlibError


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status: 0, or 2 after a message on standard error."""
    arguments = _parser().parse_args(argv)
    try:
        return arguments.call(arguments) or 0
    except SerlibError as error:
        print(f"serlib: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("serlib: stopped; the same command goes on where this one was", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="serlib", description="Speech emotion recognition.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="run the notebooks in order")
    run.set_defaults(call=_run)
    run.add_argument("--only", metavar="NN", help="this notebook alone, as 04")
    run.add_argument("--from", dest="start", metavar="NN", help="this notebook and those after")
    run.add_argument("--data", default="", help="folder of the corpora (else SER_DATA, data/)")
    run.add_argument("--out", default="", help="folder to write to (else artifacts/runs/...)")
    run.add_argument("-p", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"))
    run.add_argument("--publish", action="store_true", help="replace the shipped results")
    predict = commands.add_parser("predict", help="say which emotion is in a recording")
    predict.set_defaults(call=_predict)
    predict.add_argument("files", nargs="+", metavar="FILE")
    predict.add_argument("--bundle", default="", help="another bundle than the shipped one")
    predict.add_argument("--json", action="store_true", help="one JSON object a file")
    download = commands.add_parser("download", help="fetch corpora from their publishers")
    download.set_defaults(call=_download)
    download.add_argument("corpora", nargs="+", metavar="CORPUS")
    download.add_argument("--data", default="", help="folder to put them in (else SER_DATA, data/)")
    return parser


def _run(arguments: argparse.Namespace) -> None:
    from .pipeline import run
    from .project import shown

    out = run(
        only=arguments.only,
        start=arguments.start,
        data=arguments.data,
        out=arguments.out,
        parameters=arguments.p,
        publish=arguments.publish,
    )
    print(f"done: executed notebooks and results are in {shown(out)}")


def _predict(arguments: argparse.Namespace) -> int:
    from .bundle import load_bundle, predict_proba
    from .project import ARTIFACTS

    bundle = load_bundle(arguments.bundle or ARTIFACTS / "emotion_preprocessing.joblib")
    status = 0
    for file in arguments.files:
        try:
            answer = predict_proba(file, bundle)
        except SerlibError as error:  # the other files are still answered
            print(f"serlib: {error}", file=sys.stderr)
            status = 2
            continue
        print(_answer(file, answer, as_json=arguments.json))
    return status


def _answer(file: str, probabilities: dict[str, float], *, as_json: bool) -> str:
    ranked = sorted(probabilities.items(), key=lambda item: -item[1])
    if as_json:
        rounded = {emotion: round(p, 4) for emotion, p in ranked}
        return json.dumps(dict(file=file, emotion=ranked[0][0], probabilities=rounded))
    table = "  ".join(f"{emotion} {p:.2f}" for emotion, p in ranked)
    return f"{file}: {ranked[0][0]}\n    {table}"


def _download(arguments: argparse.Namespace) -> None:
    from .download import download
    from .project import data_folder

    for path in download(arguments.corpora, data_folder(arguments.data)):
        print(path)
