"""A ZIP archive is unpacked into a folder of its own, within bounds; the folder goes when the process ends.

What an entry is called is never trusted: names that lead out of the folder, links, archives within, locked entries
and those that inflate without end are refused before anything of them is used.
"""

from __future__ import annotations

import atexit
import shutil
import stat
import tempfile
import threading
import zipfile
import zlib
from pathlib import Path, PurePosixPath, PureWindowsPath

from tools.imaging.reading import sha256_of
from tools.imaging.refusals import ImageTooLarge, UnreadableImage, UnsupportedImage

ZIP = b"PK\x03\x04"
MAX_ENTRIES = 20_000
MAX_INFLATED = 4 * 1024**3
# gzip is not among them: a NIfTI file is one.
_ARCHIVES = (ZIP, b"7z\xbc\xaf", b"Rar!\x1a\x07", b"BZh", b"\xfd7zXZ")
_LOCK = threading.Lock()
_UNPACKED: dict[str, Path] = {}


def is_zip(head: bytes) -> bool:
    """Whether a file begins as a ZIP archive does."""
    return head.startswith((ZIP, b"PK\x05\x06"))


def unpacked(path: Path) -> Path:
    """The folder an archive was unpacked into; once for each content.

    Raises:
        UnreadableImage: broken.
        UnsupportedImage: locked, or what it holds is not taken from an archive.
        ImageTooLarge: more entries or bytes than are read.
    """
    digest = sha256_of(path)
    with _LOCK:
        if digest not in _UNPACKED or not _UNPACKED[digest].is_dir():
            folder = Path(tempfile.mkdtemp(prefix="osler-zip-"))
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            try:
                _unpack(path, folder)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            _UNPACKED[digest] = folder
        return _UNPACKED[digest]


def _unpack(path: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > MAX_ENTRIES:
                raise _too_large(path.name, f"{len(entries):,} entries", f"at most {MAX_ENTRIES:,}")
            for entry in entries:
                _check(path.name, entry)
            left = MAX_INFLATED
            for entry in entries:
                left -= _write(path.name, archive, entry, folder, left)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise UnreadableImage(
            f"{path.name} cannot be unpacked",
            found=f"{type(error).__name__}: {' '.join(str(error).split())[:120]}",
            expected="a whole ZIP archive",
            action="pack it again, or give the folder",
        ) from error


def _check(name: str, entry: zipfile.ZipInfo) -> None:
    """Refuse an entry by what the directory of the archive says of it."""
    plain, windows = PurePosixPath(entry.filename), PureWindowsPath(entry.filename)
    why = None
    if plain.is_absolute() or windows.drive or windows.root or ".." in (*plain.parts, *windows.parts):
        why = "an entry whose name leads out of the archive"
    elif stat.S_ISLNK(entry.external_attr >> 16):
        why = "a link"
    elif entry.flag_bits & 0x1:
        why = "a locked entry"
    if why is not None:
        raise UnsupportedImage(
            f"{name} is not unpacked",
            found=why,
            expected="plain files, without a password",
            action="unpack it yourself and give the folder",
        )


def _write(name: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path, left: int) -> int:
    target = folder / PurePosixPath(entry.filename.replace("\\", "/"))
    target.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with archive.open(entry) as source, target.open("wb") as out:
        while piece := source.read(1 << 20):
            if size == 0 and piece.startswith(_ARCHIVES):
                raise UnsupportedImage(
                    f"{name} is not unpacked",
                    found="an archive within the archive",
                    expected="image files",
                    action="unpack it yourself and give the folder",
                )
            size += len(piece)
            if size > left:
                raise _too_large(name, f"more than {MAX_INFLATED:,} bytes", f"at most {MAX_INFLATED:,}")
            out.write(piece)
    return size


def _too_large(name: str, found: str, expected: str) -> ImageTooLarge:
    return ImageTooLarge(
        f"{name} unpacks to more than is read", found=found, expected=expected, action="give one series at a time"
    )
