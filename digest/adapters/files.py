"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import pathlib
import tempfile


def write_whole(path: pathlib.Path, content: bytes, mode: int | None = None) -> None:
    """Write a file so that it is there whole or not at all, even after a power cut.

    `mode` are its rights; without them only its owner may read and write it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    temporary = pathlib.Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
