"""Django's PostgreSQL backend, which starts the embedded server before the first connection."""

from pathlib import Path
from typing import Any

from django.db.backends.postgresql import base, features

from pbrsite.database import server


class DatabaseFeatures(features.DatabaseFeatures):
    minimum_database_version = (15,)


class DatabaseWrapper(base.DatabaseWrapper):
    features_class = DatabaseFeatures

    def get_connection_params(self) -> dict[str, Any]:
        """Return psycopg's keyword arguments; the embedded server answers by then."""
        params: dict[str, Any] = super().get_connection_params()
        data = params.pop("embedded_in", None)
        if data:
            params["host"] = str(server.ensure_running(Path(data)))
        return params
