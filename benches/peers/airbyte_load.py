"""Loads the pages with Airbyte's CDK and stores them with PyAirbyte: `airbyte_load.py CONFIG MANIFEST DATABASE`.

Runs inside PyAirbyte's own environment. CONFIG is the source's configuration as a JSON file, DATABASE a PostgreSQL
URL or a DuckDB file. The published `source-declarative-manifest` reads in a process of its own, PyAirbyte stores.
"""

import json
import sys
from pathlib import Path
from urllib.parse import urlsplit

import airbyte
import yaml
from airbyte.caches import DuckDBCache, PostgresCache
from airbyte.caches.base import CacheBase
from airbyte.strategies import WriteStrategy


def cache(database: str) -> CacheBase:
    if not database.startswith("postgresql:"):
        return DuckDBCache(db_path=database)
    url = urlsplit(database)
    return PostgresCache(
        host=url.hostname or "",
        port=url.port or 5432,
        username=url.username or "",
        password=url.password or "",
        database=url.path.lstrip("/"),
    )


def main(config: str, manifest: str, database: str) -> None:
    # PyAirbyte gives the program no argument for its manifest: it takes one from the configuration too.
    injected = {"__injected_declarative_manifest": yaml.safe_load(Path(manifest).read_text())}
    source = airbyte.get_source(
        "source-declarative-manifest",
        config=json.loads(Path(config).read_text()) | injected,
        streams=["tasks"],
        local_executable=Path(sys.executable).parent / "source-declarative-manifest",
    )
    source.read(cache=cache(database), write_strategy=WriteStrategy.APPEND, force_full_refresh=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
