"""Front ends: what each makes of one sound, whether caches notice a change, how it is pickled.

After raising a front end's `version`, remake the numbers of the sound:
`python -m tests.features.test_front_ends`
"""

import json
import pickle
import pickletools
from pathlib import Path

import numpy as np
import pytest

import serlib
from serlib import features
from serlib.audio import spectrum
from serlib.corpora import index_clips
from serlib.errors import BundleError
from serlib.features import FRONT_ENDS, Means, MfccDeltas, Whisper
from serlib.features.scaling import SCALERS

NUMBERS = Path(__file__).with_name("numbers.json")
SR = 22050
PARTS = 24


def sound():
    """A voice that glides, swells and pauses, in closed form; noise of bits that never change."""
    t = np.arange(2 * SR) / SR
    phase = 2 * np.pi * (120 * t + 40 * t**2)
    y = sum(np.sin(k * phase + k) / k for k in range(1, 15))
    y *= 0.1 * np.sin(np.pi * t / 2) * (np.abs(t - 1.2) > 0.15)
    return (y + 1e-3 * (np.random.PCG64(0).random_raw(len(t)) / 2**63 - 1)).astype(np.float32)


def numbers(front_end):
    """Return mean and deviation of parts of the features, few of them of a number each."""
    x = front_end.get_predict_feat((sound(), SR)).astype(float).T.ravel()
    parts = np.array_split(x, len(x) if len(x) < 200 else PARTS)
    return np.array([(part.mean(), part.std()) for part in parts])


def differs(kind, kept):
    """Tell whether a front end gives other numbers than those that are kept."""
    found, before = numbers(kind()), np.array(kept["numbers"])
    if found.shape != before.shape:
        return True
    size = np.abs(before).sum(axis=1, keepdims=True)
    # Processors have kernels of their own for the 8 bits of Whisper's encoder, which differ by 1e-3
    most = 5e-3 if kind is Whisper else 1e-3
    return bool((np.abs(found - before) > most * size + 1e-9).any())


@pytest.mark.parametrize("name", ["log_mel", "mfcc_deltas", "descriptors", "whisper"])
def test_a_signal_of_another_rate_is_what_it_is_at_the_front_ends_own(name):
    front_end, fine = FRONT_ENDS[name](), spectrum.resample(sound(), orig_sr=SR, target_sr=2 * SR)
    own = spectrum.resample(fine, orig_sr=2 * SR, target_sr=front_end.sr)
    found = front_end.extract_features(fine, 2 * SR)
    np.testing.assert_array_equal(found, front_end.extract_features(own))


def remake():
    """Write the numbers anew, but for those that changed without a new version."""
    old = json.loads(NUMBERS.read_text()) if NUMBERS.exists() else {}
    for name, kind in FRONT_ENDS.items():
        kept = old.get(name)
        if kept and kept["version"] == kind.version and differs(kind, kept):
            raise SystemExit(f"{name}: its numbers changed: raise `version` of {kind.__name__}")
    lines = []
    for name, kind in FRONT_ENDS.items():
        rounded = [[float(f"{x:.6g}") for x in part] for part in numbers(kind())]
        lines.append(f'"{name}": {json.dumps(dict(version=kind.version, numbers=rounded))}')
    NUMBERS.write_text("{\n" + ",\n".join(lines) + "\n}\n")


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_numbers_change_with_the_version_alone(name):
    kind, kept = FRONT_ENDS[name], json.loads(NUMBERS.read_text()).get(name)
    command = "`python -m tests.features.test_front_ends`"
    assert kept, f"{name} is new: keep its numbers with {command}"
    assert kept["version"] == kind.version, f"{name} has a new version: remake with {command}"
    assert not differs(kind, kept), f"{name}: its numbers changed: raise `version`, then {command}"


def test_every_front_end_is_in_the_table_by_its_own_name():
    assert all(kind.name == name and kind.version >= 1 for name, kind in FRONT_ENDS.items())


@pytest.mark.parametrize("kind", [Means, MfccDeltas])
def test_a_raised_version_is_computed_again_and_the_old_one_stays_cached(kind, corpus, tmp_path):
    class Counting(kind):
        loaded = []  # noqa: RUF012

        def load(self, source):
            self.loaded.append(source)
            return super().load(source)

    class Newer(Counting):
        version = kind.version + 1

        def extract_features(self, data, sr=None):
            return super().extract_features(data, sr) + 1

    clips = index_clips(corpus, n_jobs=1)[0].head(3)
    how = dict(cache=tmp_path / "cache", variants=("original",), n_jobs=1)

    def x(front_end):
        return features.extract_arrays(clips, corpus, front_end=front_end, **how)[1]

    old, new = x(Counting()), x(Newer())
    assert len(Counting.loaded) == 6
    np.testing.assert_array_equal(new, old + 1)
    np.testing.assert_array_equal(x(Newer()), new)
    np.testing.assert_array_equal(x(kind()), old)
    assert len(Counting.loaded) == 6


def globals_of(thing):
    """Return the names that a pickle looks up, as "module name"."""
    written = pickle.dumps(thing, protocol=3)  # of which each name is one operation
    return {name for code, name, _ in pickletools.genops(written) if code.name == "GLOBAL"}


def assert_restored_by_name_alone(thing):
    ours = {name for name in globals_of(thing) if name.split(".")[0].split()[0] == "serlib"}
    assert ours == {"serlib restore"}
    assert b"serlib." not in pickle.dumps(thing)


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_pickles_of_front_ends_name_no_code_of_ours_but_restore(name):
    front_end = FRONT_ENDS[name](sr=16000)
    assert_restored_by_name_alone(front_end)
    again = pickle.loads(pickle.dumps(front_end))
    assert again == front_end and type(again) is type(front_end)


@pytest.mark.parametrize("name", SCALERS)
def test_pickles_of_fitted_scalers_name_no_code_of_ours_but_restore(name):
    shape = (9,) if name in ("scaler", "clipped_scaler") else (5, 9)
    X = np.random.default_rng(0).uniform(1, 2, (20, *shape)).astype(np.float32)
    scaler = SCALERS[name]().fit(X)
    assert_restored_by_name_alone(scaler)
    again = pickle.loads(pickle.dumps(scaler))
    assert type(again) is type(scaler)
    np.testing.assert_array_equal(again.transform(X), scaler.transform(X))


def test_what_this_version_does_not_know_is_refused():
    with pytest.raises(BundleError, match=r"'whispers', which this version .* update it"):
        serlib.restore("whispers", {})


if __name__ == "__main__":
    remake()
