"""A definition that the service ships, as it is served: with a version that tells its content."""

import hashlib
from collections.abc import Mapping
from typing import Any

from fhir_mappings.json_text import write_json


def edition(resource: Mapping[str, Any], changed_on: str) -> dict[str, Any]:
    """With meta.versionId and meta.lastUpdated (midnight, UTC, of that day).

    Another content has another versionId, so that whoever keeps a copy sees that it is old; the
    number itself says nothing of which came first.
    """
    digest = hashlib.sha256(write_json(resource)).hexdigest()
    meta = {"versionId": str(int(digest[:7], 16)), "lastUpdated": f"{changed_on}T00:00:00Z"}
    return {**resource, "meta": meta | dict(resource.get("meta") or {})}
