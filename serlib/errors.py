"""What serlib raises: each error names the file or value, what was expected, what to do."""


class SerlibError(ValueError):
    """Base of all of them; the command line prints its message alone and exits with 2."""


class AudioError(SerlibError):
    """A clip cannot be read or cannot be used."""


class AudioWarning(UserWarning):
    """A clip is used although its file ends before its header says."""


class CorpusError(SerlibError):
    """A corpus is missing, unknown or unusable."""


class TableError(SerlibError):
    """A CSV table is missing, stale, foreign or damaged."""


class BundleError(SerlibError):
    """A bundle is missing, altered, of other versions, or diverges from its reference."""


class RunError(SerlibError):
    """A notebook run was asked for wrongly or failed."""
