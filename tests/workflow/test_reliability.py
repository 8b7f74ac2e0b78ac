"""What the README says of hard edges."""

import json

from serlib.paths import CHECKOUT
from serlib.workflow import reliability

KIND = dict(files=600, failed=["a"], worst_mb=99.6, worst_seconds=1.25)
USED = dict(mb=700, open_files=20)
FOUND = dict(
    files=dict(kinds=dict(labels=KIND, recordings=KIND | dict(files=7000, failed=[])), hours=0.1),
    kills=dict(saving=dict(killed=9, failed=[]), download=dict(killed=8, failed=[{}]), seed=3),
    full=dict(stopped=90, failed=[]),
    soak=dict(
        predicted=700, refused=400, hours=1.01, after_sixty=USED, at_the_end=USED | dict(mb=710)
    )
    | dict(page=dict(visits=dict(a=2, b=3), failed=["x"], after_two=USED, at_the_end=USED)),
)


def test_each_part_says_how_much_was_tried_and_what_failed():
    files, kills, full, soak, page = reliability.reliability_text(FOUND).splitlines()
    assert "7,600 damaged" in files and "parameters: 1 unanswered; at most 100 MB, 1.2" in files
    assert kills == "- 17 processes killed and begun again: 1 ended with other bytes"
    assert full.startswith("- 90 full disks and quotas: 0 without")
    assert "1,100 answers by one process in 1.0 h: 700 to 710 MB, 20 to 20 files" in soak
    assert "5 visits to the page in 1.0 h, a hundred at once: 1 failed; 700 to 700 MB" in page


def test_of_a_part_that_was_not_tried_nothing_is_said():
    assert reliability.reliability_text(dict(full=FOUND["full"])).count("\n") == 1
    assert reliability.reliability_text({}) == ""


def test_what_is_shipped_is_what_was_found():
    text = (CHECKOUT / "README.md").read_text()
    stated = text.split(reliability.START + "\n")[1].split(reliability.END)[0]
    assert stated == reliability.reliability_text(json.loads(reliability.RELIABILITY.read_text()))
