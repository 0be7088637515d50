"""What may stand in a name, an address or a message, for both doors: the form and the file. Pure."""

from typing import Annotated, Final

from pydantic import StringConstraints

# Control characters (line breaks too: one in a name is a slip or an attack on a mail header) and the line and
# paragraph separators. Everything else people write is kept exactly, right-to-left and zero width included.
NO_CONTROLS: Final = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
# A message has lines.
NO_CONTROLS_BUT_LINES: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]*$"

NAME_CHARACTERS: Final = 100
TITLE_CHARACTERS: Final = 200
ADDRESS_CHARACTERS: Final = 320
MESSAGE_CHARACTERS: Final = 5_000
GROUPS: Final = 50

PersonName = Annotated[str, StringConstraints(strip_whitespace=True, max_length=NAME_CHARACTERS, pattern=NO_CONTROLS)]
"""A first or last name."""
Title = Annotated[str, StringConstraints(strip_whitespace=True, max_length=TITLE_CHARACTERS, pattern=NO_CONTROLS)]
"""The name of an organisation, student group, label or team."""
AddressText = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=ADDRESS_CHARACTERS, pattern=NO_CONTROLS)
]
"""What should be an e-mail address; `address.canonical` decides."""
Message = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=MESSAGE_CHARACTERS, pattern=NO_CONTROLS_BUT_LINES)
]
"""A personal message: plain text with lines."""
ShortCode = Annotated[str, StringConstraints(strip_whitespace=True, max_length=35, pattern=NO_CONTROLS)]
"""A language."""
CellText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=10_000, pattern=NO_CONTROLS)]
"""A cell that holds several names."""
