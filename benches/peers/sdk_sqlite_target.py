"""A Singer target for SQLite out of the Meltano SDK alone, because the registry has none of the SDK's age.

Runs inside the SDK's own environment. MeltanoLabs' unreleased target is the same: the SDK's `SQLTarget` and `SQLSink`
with the address of a file. Everything that costs time, reading, checking and inserting, is the SDK's.
"""

from collections.abc import Mapping
from typing import Any

from singer_sdk import SQLConnector, SQLSink, SQLTarget
from singer_sdk import typing as th


class Connector(SQLConnector):
    """Knows where the file is."""

    allow_temp_tables = False

    def get_sqlalchemy_url(self, config: Mapping[str, Any]) -> str:
        """The file as SQLAlchemy names it."""
        return f"sqlite:///{config['path']}"


class Sink(SQLSink[Connector]):
    """The SDK's sink."""

    connector_class = Connector


class Target(SQLTarget):
    """The SDK's target."""

    name = "target-sqlite-sdk"
    default_sink_class = Sink
    config_jsonschema = th.PropertiesList(th.Property("path", th.StringType, required=True)).to_dict()


if __name__ == "__main__":
    Target.cli()
