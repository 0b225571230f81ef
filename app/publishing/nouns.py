"""Every noun that is published by itself, by the name that the store calls it (`Changed.noun`)."""

from collections.abc import Mapping
from types import MappingProxyType

from app.publishing.own import Noun

NOUNS: Mapping[str, Noun] = MappingProxyType({})
