"""Bundles and their use."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["answers", "app"],
    submod_attrs={
        "attention": ["attention", "attention_of", "has_attention"],
        "bundle": ["Bundle", "load_bundle", "save_bundle"],
        "card": ["card_of", "update_card"],
        "enrolment": ["EnrolledSpeaker"],
        "predict": ["Answer", "answer", "get_predictions", "predict_proba"],
        "saving": ["save", "save_all"],
        "shelf": ["bundle_place", "find_bundle", "offered", "open_bundle"],
        "stored": ["write_network"],
        "timeline": ["LONG", "Overview", "Timeline", "overview", "predict_timeline"],
    },
)
