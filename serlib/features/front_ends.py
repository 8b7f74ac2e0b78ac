"""The table of front ends: a module and a row each."""

from .base import FrontEnd
from .descriptors import Descriptors, DurationLoudness
from .log_mel import LogMel
from .means import Means
from .mfcc import MfccDeltas
from .scaling import SCALERS, SpeakerScaler
from .statistics import Functionals, Statistics
from .voice import VoiceStatistics
from .whisper import Whisper

FRONT_ENDS: dict[str, type[FrontEnd]] = {
    kind.name: kind
    for kind in (
        Means,
        MfccDeltas,
        LogMel,
        DurationLoudness,
        Descriptors,
        Functionals,
        Statistics,
        VoiceStatistics,
        Whisper,
    )
}
# What `serlib.restore` builds anew, by the names in pickles
STORED = FRONT_ENDS | SCALERS | {SpeakerScaler.name: SpeakerScaler}
