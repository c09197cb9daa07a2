"""Loads the pages with dlt's rest_api source: `dlt_load.py PAGES DATABASE append|merge`.

Runs inside dlt's own environment. PAGES is the address that ends in /v1, DATABASE an SQLAlchemy URL. Parquet between
dlt's steps was its fastest format for both databases (PostgreSQL by ADBC's COPY). Settings come from the environment,
as dlt wants them (`programs.py`).
"""

import sys

import dlt
from dlt.destinations import postgres, sqlalchemy
from dlt.sources.rest_api import rest_api_source


def main(pages: str, database: str, disposition: str) -> None:
    source = rest_api_source(
        {
            "client": {
                "base_url": pages,
                "auth": {"type": "api_key", "name": "X-Api-Key", "api_key": "bench", "location": "header"},
                "paginator": {"type": "cursor", "cursor_path": "next_cursor", "cursor_param": "cursor"},
            },
            "resources": [
                {
                    "name": "tasks",
                    "primary_key": "id",
                    "write_disposition": disposition,
                    "endpoint": {"path": "tasks", "params": {"limit": 500}, "data_selector": "items"},
                }
            ],
        },
        max_table_nesting=0,
    )
    destination = postgres(database) if database.startswith("postgresql") else sqlalchemy(database)
    pipeline = dlt.pipeline("peers", destination=destination, dataset_name="main")
    pipeline.run(source, loader_file_format="parquet").raise_on_failed_jobs()


if __name__ == "__main__":
    main(*sys.argv[1:])
