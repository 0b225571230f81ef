"""Every noun that is published by itself, by the name that the store calls it (`Changed.noun`)."""

from collections.abc import Mapping
from types import MappingProxyType

from app.publishing import care, findings, people, requests
from app.publishing.own import Noun

NOUNS: Mapping[str, Noun] = MappingProxyType(
    {
        "organization": people.ORGANIZATION,
        "clinic": people.CLINIC,
        "staff": people.STAFF,
        "episode": care.EPISODE,
        "flag": findings.FLAG,
        "referral": requests.REFERRAL,
        "recommendation": requests.RECOMMENDATION,
    }
)
