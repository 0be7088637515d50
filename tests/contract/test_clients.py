"""A client generated from openapi.json works: it uploads a file, maps, previews and commits on a running service."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.access.actor import Scope
from tests.conftest import Desk
from tests.delivery.test_kill import wait_for
from tests.delivery.test_serve import serving, workers

ROOT = Path(__file__).parent.parent.parent

SCRIPT = """
import io, sys, time
from generated import AuthenticatedClient
from generated.api.imports import commit_import, create_import, get_import, get_preview, set_mapping
from generated.api.invitations import create_invitation
from generated.models import CommitIn, CreateImportFilesBody, InvitationIn, MappingIn
from generated.types import File

client = AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2], raise_on_unexpected_status=True)
invited = create_invitation.sync(client=client, body=InvitationIn(email="jan@example.com", organisation="Acme"))
assert invited.state == "pending", invited
content = "Prénom;Nom;Courriel;Société\\nZoé;Dupont;zoe@example.com;Acme\\nJan;P;jan@example.com;Acme\\n".encode()
file = File(payload=io.BytesIO(content), file_name="équipe.csv", mime_type="text/csv")
imported = create_import.sync(client=client, body=CreateImportFilesBody(file=file))
assert imported.file.name == "équipe.csv", imported
columns = [suggestion.column for suggestion in imported.suggested_mapping]
mapped = set_mapping.sync(imported.id, client=client, body=MappingIn(columns=columns))
assert mapped.state == "ready", mapped
preview = get_preview.sync(imported.id, client=client)
assert (preview.summary.to_add, preview.summary.already_users) == (1, 1), preview
commit_import.sync(imported.id, client=client, body=CommitIn(message="Bonjour"))
for _ in range(200):
    done = get_import.sync(imported.id, client=client)
    if done.state == "completed" and done.result.mails.queued == 0:
        break
    time.sleep(0.05)
assert (done.result.added, done.result.mails.sent) == (1, 1), done
print("all done")
"""


@pytest.mark.xdist_group("processes")
def test_a_generated_python_client_does_the_whole_import(desk: Desk, tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    generator = [str(Path(sys.executable).parent / "openapi-python-client"), "generate", "--meta", "none"]
    made = subprocess.run(
        [*generator, "--path", str(ROOT / "openapi.json"), "--output-path", str(tmp_path / "generated")],
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert made.returncode == 0, made.stderr
    assert "WARNING" not in made.stdout + made.stderr
    assert "Unable" not in made.stdout + made.stderr
    with serving(desk) as (_, url):
        assert wait_for(lambda: workers(url) == 1, 30)
        ran = subprocess.run(
            [sys.executable, "-c", SCRIPT, url, desk.key("acme", Scope.IMPORT, Scope.INVITE)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert ran.stdout.strip() == "all done", ran.stderr
