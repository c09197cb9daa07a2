"""Who is compared, each with the settings that were fastest for it, and where its records are afterwards.

A program gets an empty folder and, for PostgreSQL, an empty database. What it is told is written into the folder.
"""

import base64
import json
import os
import secrets
import shlex
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from environments import environment, version
from machine import Cluster

HERE = Path(__file__).parent
TOP = ("id", "title", "unit_code", "status", "kind", "quantity")
TIMES = ("assigned_at", "due_at", "submitted_at", "approved_at", "modified_at", "returned_count")
BENCH_KEY = "bench"
KINDS = ["SQLite", "PostgreSQL"]


@dataclass(frozen=True)
class Place:
    """Where one run happens."""

    folder: Path
    pages: str
    target: Path
    binary: Path
    cluster: Cluster
    database: str

    def text(self, name: str, content: str) -> str:
        """Writes a file only its owner reads; gives its path."""
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(content)
        return str(path)


@dataclass(frozen=True, eq=False)
class Program:
    """One program storing into one kind of database, or into none."""

    name: str
    version: str
    kind: str
    command: Callable[[Place], list[str]]
    stored: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    ours: bool = False

    def environment(self, place: Place) -> dict[str, str]:
        """The variables it sees: nothing of this process but the search path."""
        home = str(place.folder)
        return {
            "PATH": os.environ["PATH"], "HOME": home, "TMPDIR": home, "LANG": "C.UTF-8", "DO_NOT_TRACK": "1",
            "AIRBYTE_LOGGING_ROOT": home, **self.settings,
        }  # fmt: skip

    def rows(self, place: Place) -> list[str]:
        """What it stored: key and title of each record."""
        if self.kind == "PostgreSQL":
            return place.cluster.ask(place.database, self.stored).splitlines()
        if self.kind == "SQLite":
            with sqlite3.connect(place.folder / "store.db") as store:
                return [f"{key}\t{title}" for key, title in store.execute(self.stored)]
        return _read_rows(place.folder / "told.log")


def _read_rows(told: Path) -> list[str]:
    with told.open() as lines:
        messages = (json.loads(line) for line in lines if line.startswith('{"type":"RECORD"'))
        records = (message["record"]["data"] for message in messages)
        return [f"{record['id']}\t{record['title']}" for record in records]


def _ours(kind: str) -> Callable[[Place], list[str]]:
    def command(place: Place) -> list[str]:
        place.text("key", BENCH_KEY)
        store = 'kind = "sqlite"\npath = "store.db"'
        if kind == "PostgreSQL":
            place.text("url", place.cluster.url(place.database))
            store = 'kind = "postgres"\nurl = { file = "url" }'
        place.text("field.key", base64.b64encode(secrets.token_bytes(32)).decode())
        config = place.text(
            "lienthong.toml",
            f"""
[store]
{store}
[keys]
field_key = {{ file = "field.key" }}
[[unit]]
code = "SNV"
name = "Sở Nội vụ"
kind = "department"
org_code = "H21.09"
[[source]]
id = "bench"
unit = "SNV"
manifest = "task-tracker"
allow_http = true
schedule = "0 3 1 1 *"
settings = {{ base_url = "{place.pages}" }}
secrets = {{ api_key = {{ file = "key" }} }}
""",
        )
        return [str(place.binary), "--config", config, "sync", "bench"]

    return command


def _dlt(kind: str, disposition: str) -> Callable[[Place], list[str]]:
    def command(place: Place) -> list[str]:
        url = place.cluster.url(place.database)
        database = url if kind == "PostgreSQL" else f"sqlite:///{place.folder}/store.db"
        python = environment("dlt", place.target) / "python"
        return [str(python), str(HERE / "dlt_load.py"), place.pages, database, disposition]

    return command


def _singer(kind: str, load_method: str) -> Callable[[Place], list[str]]:
    def command(place: Place) -> list[str]:
        integers: dict[str, dict[str, str]] = {name: {"type": "integer"} for name in TIMES}
        texts = {name: {"type": "string"} for name in (*TOP, "owner_account", "owner_display", "labels")}
        stream = {
            "name": "tasks",
            "path": "/tasks",
            "records_path": "$.items[*]",
            "primary_keys": ["id"] if load_method == "upsert" else [],
            "params": {"limit": 500},
            "headers": {"X-Api-Key": BENCH_KEY},
            "schema": {"properties": texts | integers},
        }
        tap_config = {
            "api_url": place.pages,
            "auth_method": "no_auth",
            "pagination_request_style": "jsonpath_paginator",
            "next_page_token_path": "$.next_cursor",
            "pagination_next_page_param": "cursor",
            "streams": [stream],
        }
        target_config: dict[str, object] = {
            "batch_size_rows": 10_000,
            "add_record_metadata": False,
            "validate_records": False,
            "load_method": load_method,
        }
        targets = environment("singer-targets", place.target)
        if kind == "SQLite":
            target_config["path"] = f"{place.folder}/store.db"
            target = [str(targets / "python"), str(HERE / "sdk_sqlite_target.py")]
        else:
            target_config |= place.cluster.settings(place.database)
            target_config |= {"use_copy": True, "activate_version": False, "default_target_schema": "public"}
            target = [str(targets / "target-postgres")]
        tap = environment("singer-tap", place.target) / "tap-rest-api-msdk"
        tap_order = [str(tap), "--config", place.text("tap.json", json.dumps(tap_config))]
        target += ["--config", place.text("target.json", json.dumps(target_config))]
        return ["bash", "-c", f"set -o pipefail; {shlex.join(tap_order)} | {shlex.join(target)}"]

    return command


def _airbyte_config(place: Place) -> str:
    return place.text("config.json", json.dumps({"base_url": place.pages, "api_key": BENCH_KEY}))


def _airbyte_stored(place: Place) -> list[str]:
    python = environment("airbyte", place.target) / "python"
    manifest = str(HERE / "tasks-airbyte.yaml")
    url = place.cluster.url(place.database)
    return [str(python), str(HERE / "airbyte_load.py"), _airbyte_config(place), manifest, url]


def _airbyte_read(place: Place) -> list[str]:
    stream = {"name": "tasks", "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
    chosen = {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "append"}
    catalog = place.text("catalog.json", json.dumps({"streams": [chosen]}))
    program = environment("airbyte", place.target) / "source-declarative-manifest"
    order = ["read", "--config", _airbyte_config(place), "--catalog", catalog]
    return [str(program), *order, "--manifest-path", str(HERE / "tasks-airbyte.yaml")]


DLT_SETTINGS = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "CRITICAL",
    "NORMALIZE__WORKERS": "2",
    "EXTRACT__DATA_WRITER__FILE_MAX_ITEMS": "25000",
    "EXTRACT__DATA_WRITER__BUFFER_MAX_ITEMS": "25000",
    "NORMALIZE__DATA_WRITER__BUFFER_MAX_ITEMS": "25000",
}
SINGER_SETTINGS = {"TAP_REST_API_MSDK_LOGLEVEL": "ERROR", "TARGET_POSTGRES_LOGLEVEL": "ERROR"}
AIRBYTE_SETTINGS = {"AIRBYTE_OFFLINE_MODE": "1"}


def programs(kinds: Sequence[str], our_version: str) -> list[Program]:
    """Everyone who stores into one of these kinds of database; ours first."""
    dlt, tap = version("dlt", "dlt"), version("singer-tap", "tap-rest-api-msdk")
    cdk = version("airbyte", "airbyte-cdk")
    pair = f"{cdk}, {version('airbyte', 'airbyte')}"
    sdk, target = (version("singer-targets", name) for name in ("singer-sdk", "meltanolabs-target-postgres"))
    ours = "SELECT external_id, title FROM task"
    theirs = "SELECT id, title FROM tasks"
    in_main, in_raw = "SELECT id, title FROM main.tasks", "SELECT id, title FROM airbyte_raw.tasks"
    targets = f"{tap} | {sdk}", f"{tap} | {target}"
    lite, post = KINDS
    append, upsert = "append-only", "upsert"
    to_post = "tap-rest-api | target-postgres"
    every = [
        Program("lienthong", our_version, lite, _ours(lite), ours, ours=True),
        Program("dlt rest_api, append", dlt, lite, _dlt(lite, "append"), in_main, DLT_SETTINGS),
        Program("dlt rest_api, merge by key", dlt, lite, _dlt(lite, "merge"), in_main, DLT_SETTINGS),
        Program("tap-rest-api | SDK's sink, append", targets[0], lite, _singer(lite, append), theirs, SINGER_SETTINGS),
        Program("airbyte-cdk, reading alone", cdk, "none", _airbyte_read, settings=AIRBYTE_SETTINGS),
        Program("lienthong", our_version, post, _ours(post), ours, ours=True),
        Program("dlt rest_api, append", dlt, post, _dlt(post, "append"), in_main, DLT_SETTINGS),
        Program("dlt rest_api, merge by key", dlt, post, _dlt(post, "merge"), in_main, DLT_SETTINGS),
        Program(f"{to_post}, append", targets[1], post, _singer(post, append), theirs, SINGER_SETTINGS),
        Program(f"{to_post}, upsert", targets[1], post, _singer(post, upsert), theirs, SINGER_SETTINGS),
        Program("airbyte-cdk, PyAirbyte, append", pair, post, _airbyte_stored, in_raw, AIRBYTE_SETTINGS),
    ]  # fmt: skip
    return [one for one in every if one.kind in kinds or one.kind == "none"]
