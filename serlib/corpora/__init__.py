"""Which clips there are, what they are called, and how they are divided."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "clips": ["CLIP_COLUMNS", "only", "read_clips", "read_table", "write_clips", "write_table"],
        "corpus": ["Corpus"],
        "datasets": ["DATA", "Data", "auxiliary", "classes_of", "select"],
        "demo": ["is_demo", "write_demo", "write_demo_clip"],
        "download": ["fetch"],
        "emotions": ["EMOTIONS", "classes", "to_label_set"],
        "folds": ["OTHERS", "SPLIT_SEED", "Fold", "row_fold"],
        "index": ["PROBLEM_COLUMNS", "completeness", "index_clips", "parse", "walk"],
        "known": ["CORPORA"],
        "protocols": ["PROTOCOLS", "Protocol", "protocol"],
        "runs": ["clips_of", "holds", "is_own", "open_run", "passed_over", "whose_clips"],
    },
)
