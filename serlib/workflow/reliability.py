"""What the README says of hard edges: written from what `make harden` found, never by hand."""

from functools import partial

from ..paths import CHECKOUT
from .passage import update_measured

RELIABILITY = CHECKOUT / "artifacts" / "metrics" / "reliability.json"
START, END = "<!-- reliability: written by `make harden` -->", "<!-- end of reliability -->"


def reliability_text(found: dict) -> str:
    """Return a list of what was tried, and of how much of it did not end as it should.

    Parameters
    ----------
    found : dict
        By part: files, kills, full, soak, as `make harden` writes them. Of a part that was not
        tried nothing is said.
    """
    return "".join(f"- {told(found[part])}\n" for part, told in _TOLD.items() if part in found)


# update(readme, measured) writes the passage anew, of a file that was measured
update = partial(update_measured, start=START, end=END, told=reliability_text)


def _files(part: dict) -> str:
    kinds = part["kinds"].values()
    tried, failed = sum(kind["files"] for kind in kinds), sum(len(k["failed"]) for k in kinds)
    mb, seconds = (max(kind[f"worst_{what}"] for kind in kinds) for what in ("mb", "seconds"))
    return (
        f"`make harden`: {tried:,} damaged recordings, tables, bundles, parameters: {failed} "
        f"unanswered; at most {mb:.0f} MB, {seconds:.1f} s"
    )


def _kills(part: dict) -> str:
    jobs = [job for job in part.values() if isinstance(job, dict)]
    killed, failed = sum(job["killed"] for job in jobs), sum(len(job["failed"]) for job in jobs)
    return f"{killed} processes killed and begun again: {failed} ended with other bytes"


def _full(part: dict) -> str:
    said = f"{len(part['failed'])} without a sentence and the old file whole"
    return f"{part['stopped']} full disks and quotas: {said}"


def _soak(part: dict) -> str:
    page, hours = part["page"], f"{part['hours']:.1f} h"
    asked, visits = part["predicted"] + part["refused"], sum(page["visits"].values())
    return (
        f"{asked:,} answers by one process in {hours}: {_used(part, 'after_sixty')}\n"
        f"- {visits:,} visits to the page in {hours}, a hundred at once: {len(page['failed'])} "
        f"failed; {_used(page, 'after_two')}"
    )


def _used(part: dict, early: str) -> str:
    first, last = part[early], part["at_the_end"]
    files = f"{first['open_files']} to {last['open_files']} files open"
    return f"{first['mb']} to {last['mb']} MB, {files}"


_TOLD = dict(files=_files, kills=_kills, full=_full, soak=_soak)
