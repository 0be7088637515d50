"""Asks for known holes in locked dependencies. Fails for a hole, never for advisories that cannot be reached."""

import json
import subprocess
import sys
from pathlib import Path

SERVICES = ("pypi", "osv")
SECONDS = 120


def asked(service: str, locked: str) -> dict[str, list[dict[str, object]]] | None:
    """What a service says of each locked package; None where it says nothing we could read."""
    command = [str(Path(sys.executable).with_name("pip-audit")), "--requirement", locked, "--require-hashes"]
    command += ["--disable-pip", "--format", "json", "--progress-spinner", "off", "--vulnerability-service", service]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        return {one["name"]: one["vulns"] for one in json.loads(ended.stdout)["dependencies"] if "vulns" in one}
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return None


def main(locked: str) -> int:
    """0: nothing known, or nobody to ask."""
    for service in SERVICES:
        found = asked(service, locked)
        if found:
            holes = {name: [str(hole["id"]) for hole in vulns] for name, vulns in found.items() if vulns}
            for name, ids in holes.items():
                print(f"{name}: {', '.join(ids)}")
            print(f"{len(found)} locked packages looked up, {len(holes)} with a known hole.")
            return 1 if holes else 0
    print("Known holes were not looked for: the advisories cannot be reached from here.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
