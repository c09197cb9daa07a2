"""Python environments of the peers: one each, versions pinned, made once below the target folder.

An environment whose list of packages changed is made anew; a half-made one is never used.
"""

import hashlib
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LISTS = {
    "dlt": Path(__file__).parent / "requirements/dlt.txt",
    "airbyte": Path(__file__).parent / "requirements/airbyte.txt",
    "singer-tap": ROOT / "tests/data/singer-rest-requirements.txt",
    "singer-targets": Path(__file__).parent / "requirements/singer-targets.txt",
}


@cache
def environment(name: str, target: Path) -> Path:
    """The folder of an environment's programs, installed when it is not there yet."""
    wanted = LISTS[name]
    digest = hashlib.sha256(wanted.read_bytes() + sys.version.encode()).hexdigest()[:8]
    folder = target / "peers" / f"{name}-{digest}"
    complete = folder / "complete"
    if not complete.exists():
        print(f"installing {name} into {folder.name}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [str(folder / "bin/pip"), "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--requirement", str(wanted)], check=True)
        complete.touch()
    return folder / "bin"


def version(name: str, package: str) -> str:
    """The pinned version of a package of an environment."""
    found = re.search(rf"^{re.escape(package)}==(\S+)", LISTS[name].read_text(), re.MULTILINE | re.IGNORECASE)
    if not found:
        raise LookupError(f"{package} is not in {LISTS[name].name}")
    return found.group(1)
