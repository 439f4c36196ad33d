"""Files that one process writes and others read at any moment: replaced whole, never seen half written."""

import os
import threading
from pathlib import Path
from typing import Final

import msgspec

from newsfilter.bulletin import NO_BULLETIN, VERSION, Bulletin
from newsfilter.events import NewsError

_DECODER: Final = msgspec.json.Decoder(Bulletin)


def replace_whole(path: Path, content: bytes) -> None:
    """Replace the file at once, and have it on the disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def write_bulletin(path: Path, bulletin: Bulletin) -> None:
    """Post a bulletin in place of the last one."""
    replace_whole(path, msgspec.json.encode(bulletin))


def read_bulletin(path: Path) -> Bulletin:
    """The bulletin in `path`; an empty one where there is no file.

    Raises:
        NewsError: for a file that cannot be read, is damaged or of another version.
    """
    try:
        bulletin = _DECODER.decode(path.read_bytes())
    except FileNotFoundError:
        return NO_BULLETIN
    except OSError as problem:
        raise NewsError(path.name, "the whole file", f"cannot be read: {problem.strerror}") from problem
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as problem:
        raise NewsError(path.name, "the whole file", f"is damaged ({problem}); it is posted anew") from problem
    if bulletin.version != VERSION:
        raise NewsError(path.name, "version", f"is {bulletin.version}, not {VERSION}; it is posted anew")
    return bulletin
