"""What the browser loads: built files by their hashed names, and icons from the sprite."""

import json
import mimetypes
import time
from pathlib import Path
from typing import Any

from flask import Flask, Response, has_request_context, request, send_from_directory, url_for
from markupsafe import Markup, escape

YEAR_SECONDS = 31_536_000
HOUR_SECONDS = 3600
# How soon a new build is seen.
LOOK_AGAIN_SECONDS = 0.5

# Endings of the files that the build pressed, best first.
PRESSED = {"br": "br", "gzip": "gz"}


class Assets:
    """The manifest that the front-end build wrote, read again when a build replaces it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "build" / "manifest.json"
        self._looked_at, self._read_at = 0.0, 0.0
        self._names: dict[str, str] = {}
        # By name, and by where the desk is mounted.
        self._addresses: dict[tuple[str, str], str] = {}

    def url(self, name: str) -> str:
        """The address of a built file ("base.css").

        Raises:
            LookupError: the front end is not built, or has no such file.
        """
        # A page names dozens of icons: the disk is not asked for each.
        if time.monotonic() - self._looked_at > LOOK_AGAIN_SECONDS:
            self._look()
        place = (name, request.script_root if has_request_context() else "")
        if place not in self._addresses:
            if name not in self._names:
                raise LookupError(f"The front-end build has no {name}: npm run build")
            self._addresses[place] = url_for("static", filename=f"build/{self._names[name]}")
        return self._addresses[place]

    def _look(self) -> None:
        if not self._path.exists():
            raise LookupError("The front end is not built: npm run build")
        changed_at = self._path.stat().st_mtime
        if changed_at != self._read_at:
            self._names, self._read_at = json.loads(self._path.read_text()), changed_at
            self._addresses = {}
        self._looked_at = time.monotonic()

    def has(self, name: str) -> bool:
        """Whether the build made this file."""
        return self._path.exists() and name in json.loads(self._path.read_text())

    def icon(self, name: str, label: str = "", css: str = "") -> Markup:
        """An icon of the sprite: silent beside words, spoken when it has a label and stands alone."""
        said = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
        sprite = self.url("sprite.svg")
        return Markup(f'<svg class="ti {escape(css)}" {said}><use href="{sprite}#{escape(name)}"/></svg>')


def _send(folder: Path, filename: str) -> Response:
    """A file of the static folder, pressed as the browser takes it where the build did that."""
    is_built = filename.startswith("build/")
    for encoding, ending in PRESSED.items():
        if is_built and request.accept_encodings[encoding] > 0:
            pressed = f"{filename}.{ending}"
            if not (folder / "build" / Path(pressed).name).is_file():
                continue
            kind = mimetypes.guess_type(filename)[0] or "application/octet-stream"
            response = send_from_directory(folder, pressed, mimetype=kind, max_age=YEAR_SECONDS)
            response.headers["Content-Encoding"] = encoding
            break
    else:
        response = send_from_directory(folder, filename, max_age=YEAR_SECONDS if is_built else HOUR_SECONDS)
    if is_built:
        response.vary.add("Accept-Encoding")
        # The name changes with the content: nobody has to ask again.
        response.cache_control.public = True
        response.cache_control.immutable = True
    return response


def init(app: Flask) -> None:
    """Offer `asset("base.css")` and `icon("inbox")` to templates; built names may be cached for ever."""
    folder = Path(app.static_folder or "")
    assets = Assets(folder)
    app.jinja_env.globals.update(asset=assets.url, icon=assets.icon, has_asset=assets.has)
    app.view_functions["static"] = lambda filename: _send(folder, filename)

    @app.context_processor
    def layout_defaults() -> dict[str, Any]:
        return {"desk_name": app.config["SETTINGS"].desk_name}
