"""Bundles and their use."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "asking": ["ask"],
        "bundle": ["Bundle", "load_bundle", "probabilities", "save_bundle", "verify"],
        "card": ["INTENDED_USE", "card_of", "gain_of", "shipped_card", "update_card"],
        "enrolment": ["EnrolledSpeaker", "following"],
        "predict": [
            "LONG",
            "Answer",
            "answer",
            "answer_of",
            "attention",
            "attention_of",
            "check_learns",
            "get_predictions",
            "has_attention",
            "heard",
            "new_voice",
            "predict_proba",
        ],
        "remarks": ["has_speech"],
        "saving": ["save", "save_all"],
        "shelf": ["bundle_place", "find_bundle", "named_bundle", "offered", "open_bundle"],
        "stored": ["write_network"],
        "voices": ["Voices"],
    },
)
