"""A synthetic population with labelled stories (domain.md §5): the same seed gives the same bytes.

Laws: no person exists; nothing depends on the clock, on hashing order or on floating point; each
holder is made from (seed, index) alone, so a stream needs no memory of those before her; labels
stand beside what may be served, never in it.
"""

from subgraphs.demo.population.generate import (
    MIX,
    SIZES,
    Size,
    label_of,
    population,
    served_bytes,
    story_of,
)
from subgraphs.demo.population.records import Dossier, Label, Scheme, Story

__all__ = [
    "MIX",
    "SIZES",
    "Dossier",
    "Label",
    "Scheme",
    "Size",
    "Story",
    "label_of",
    "population",
    "served_bytes",
    "story_of",
]
