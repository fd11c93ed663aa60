"""The desk: one edition, and its proof as the files on disk have it at the moment."""

from __future__ import annotations

import gettext
import hashlib
import logging
import os
import pathlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from digest.app import App
from digest.errors import DigestError
from digest.home import shipped
from digest.mailer.language import Language
from digest.studio.proof import Proof, make_proof
from digest.studio.trouble import Trouble, trouble_of

if TYPE_CHECKING:
    from digest.model import Edition

_log = logging.getLogger("digest.studio")

_FOLDERS = ("templates", "config")

_Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the studio shows."""

    shown: Proof | Trouble
    #: What the editor reads; the last proof's where there is none now.
    language: Language
    #: Differs where something else is shown: files that were saved unchanged change nothing.
    version: str


class Desk:
    """Makes an edition's proof anew whenever a template or a setting was saved.

    The edition itself was chosen before and stays: ranking does not depend on templates.
    """

    def __init__(self, app: App, edition: Edition) -> None:
        self._app = app
        self._edition = edition
        self._lock = threading.Lock()
        self._stamp: _Stamp | None = None
        self._state: State | None = None
        self._language = Language("en", gettext.NullTranslations())

    @property
    def folders(self) -> tuple[pathlib.Path, ...]:
        """What is watched: the home's own templates and settings, and those that came with the program."""
        every = (base for name in _FOLDERS for base in (self._app.home / name, shipped(name)))
        return tuple(dict.fromkeys(folder.resolve() for folder in every))

    def now(self) -> State:
        """Return the state of the moment; cheap where no file has changed."""
        with self._lock:
            stamp = tuple(sorted(_stamps(self.folders)))
            if self._state is None or stamp != self._stamp:
                self._stamp, self._state = stamp, self._look()
            return self._state

    def _look(self) -> State:
        # A house of its own each time: settings, catalogues and templates are read once in an app's life.
        app = App(home=self._app.home, environment=self._app.environment, clock=self._app.clock)
        shown: Proof | Trouble
        try:
            shown = make_proof(app, self._edition)
            self._language = shown.language
        except Exception as error:
            # Whatever a template does wrong is the editor's to see and to mend; the studio lives on.
            shown = trouble_of(error, self.folders)
            if not isinstance(error, DigestError) and not any(spot.file for spot in shown.spots):
                _log.exception("no file is to blame")
        finally:
            app.close()
        content = repr(shown) if isinstance(shown, Trouble) else repr(sorted(shown.files().items()))
        version = hashlib.sha256(content.encode()).hexdigest()[:16]
        return State(shown=shown, language=self._language, version=version)


def _stamps(folders: tuple[pathlib.Path, ...]) -> Iterator[tuple[str, int, int]]:
    """Yield when each file was last changed, and its size; editors' own files do not count."""
    for folder in folders:
        for place, _, names in os.walk(folder):
            for name in sorted(names):
                if name.startswith(".") or name.endswith("~"):
                    continue
                path = pathlib.Path(place, name)
                try:
                    found = path.stat()
                except OSError:
                    continue
                yield str(path), found.st_mtime_ns, found.st_size
