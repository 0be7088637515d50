"""Every table of the project: importing this module completes `metadata`. Holds nothing else."""

import app.access.models
import app.delivery.models
import app.directory.models
import app.imports.models
import app.invitations.models  # noqa: F401 imported for its tables
from app.db.base import Base

metadata = Base.metadata
