"""The consultancy's logo: a small picture that becomes part of the page, so nothing is fetched."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from consulting.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

MAX_LOGO_BYTES = 100_000
_PNG = b"\x89PNG\r\n\x1a\n"


def read_logo(path: Path) -> str:
    """Return a PNG or SVG file as a `data:` URL.

    It is shown by an `img` element, in which a browser runs no script and loads nothing.

    Raises:
        ConfigurationError: If it is not there, too large, or not what its name says.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ConfigurationError(
            f"`consultancy.logo` names {path.name}, but there is no such file in the folder of "
            f"the clients ({path.parent.name}/). Put it there, or take the field out."
        ) from None
    if len(content) > MAX_LOGO_BYTES:
        raise ConfigurationError(
            f"The logo {path.name} has {len(content):,} bytes; at most {MAX_LOGO_BYTES:,} go into "
            "every document. Save a smaller one: 400 pixels of width are enough."
        )
    png = path.suffix.lower() == ".png"
    if content.startswith(_PNG) is not png or (not png and b"<svg" not in content):
        raise ConfigurationError(
            f"The logo {path.name} does not hold what its name says. Save it as PNG or SVG."
        )
    kind = "png" if png else "svg+xml"
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
