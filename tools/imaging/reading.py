"""`read_image`: a file of any kind becomes an `Image` or a refusal that says what it is.

What a file is is told from its first bytes, never from its name.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from tools.errors import UsageError
from tools.imaging.frame import Image
from tools.imaging.refusals import ImageTooLarge, NotAnImage, UnsupportedImage

MAX_BYTES = 1024**3
EXPECTED = "DICOM, PNG, JPEG or TIFF"
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_KNOWN = (
    (b"\x1f\x8b", "a gzip archive", "unpack it first"),
    (b"PK\x03\x04", "a ZIP archive", "unpack it first"),
    (b"%PDF", "a PDF document", "give the image, or put a report's text into a note"),
    (b"GIF8", "a GIF picture", f"save it as {EXPECTED}"),
    (b"BM", "a BMP picture", f"save it as {EXPECTED}"),
    (b"RIFF", "a WebP or WAV file", f"save it as {EXPECTED}"),
    (b"NRRD", "an NRRD volume", "convert it to NIfTI, or give the DICOM series"),
    (b"SIMPLE  =", "a FITS file", f"save it as {EXPECTED}"),
    (b"\x89HDF", "an HDF5 file", f"save it as {EXPECTED}"),
)
_NIFTI = (b"n+1\x00", b"ni1\x00", b"n+2\x00")


def read_image(path: Path, frame: int = 0) -> Image:
    """Read one frame (0-based) of a file.

    Raises:
        UsageError: there is no such file.
        NotAnImage, UnreadableImage, UnsupportedImage, ImageTooLarge: why it is not read.
    """
    head, size = _head(path)
    if size > MAX_BYTES:
        raise ImageTooLarge(
            f"{path.name} is too large",
            found=f"{size:,} bytes",
            expected=f"at most {MAX_BYTES:,}",
            action="export single images",
        )
    is_dicom = looks_like_dicom(head)
    if is_dicom or is_picture(head):
        digest = sha256_of(path)
        if is_dicom:
            from tools.imaging.dicom import read_dicom

            return read_dicom(path, frame, digest)
        from tools.imaging.picture import read_picture

        return read_picture(path, frame, digest)
    if clip_kind(head):
        from tools.imaging.video import read_clip

        return read_clip(path, frame, sha256_of(path))
    raise _not_one(path.name, head)


def is_picture(head: bytes) -> bool:
    """Whether a PNG, JPEG or TIFF begins like this."""
    return head.startswith(_PICTURES)


def clip_kind(head: bytes) -> str | None:
    """Which kind of video file begins like this. HEIC and AVIF pictures are in MP4's box as well."""
    if head[4:8] == b"ftyp" and head[8:12] not in (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis"):
        return "MP4"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "AVI"
    return "MPEG" if head[:4] == b"\x00\x00\x01\xba" else None


def _head(path: Path) -> tuple[bytes, int]:
    try:
        with path.open("rb") as file:
            return file.read(512), path.stat().st_size
    except OSError as error:
        raise UsageError(
            f"cannot read {path.name}", found=error.strerror, expected="an image file", action="check the path"
        ) from error


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def looks_like_dicom(head: bytes) -> bool:
    """The DICM prefix; or, without a preamble, a first element of group 2 or 8 with a plausible VR or length."""
    if head[128:132] == b"DICM":
        return True
    for order in ("little", "big"):
        group, number = (int.from_bytes(head[at : at + 2], order) for at in (0, 2))
        length = int.from_bytes(head[4:8], order)
        explicit = head[4:6].isalpha() and head[4:6].isupper()
        if group in (0x0002, 0x0008) and number <= 0x3010 and len(head) > 8 and (explicit or 0 < length <= 1024):
            return True
    return False


def _not_one(name: str, head: bytes) -> NotAnImage | UnsupportedImage:
    if not head:
        return NotAnImage(f"{name} is empty", found="0 bytes", expected=EXPECTED, action="export it again")
    for magic, kind, action in _KNOWN:
        if head.startswith(magic):
            refusal = UnsupportedImage if "picture" in kind or "volume" in kind else NotAnImage
            return refusal(f"{name} is not read as an image", found=kind, expected=EXPECTED, action=action)
    if head[344:348] in _NIFTI:
        return UnsupportedImage(
            f"{name} is not read as an image",
            found="a NIfTI volume",
            expected=EXPECTED,
            action="give one image here; volumes go to osler image info, segment and measure",
        )
    found = "text" if _is_text(head) else "bytes of no kind known here"
    return NotAnImage(f"{name} is not an image", found=found, expected=EXPECTED, action="give the image itself")


def _is_text(head: bytes) -> bool:
    try:
        text = head[:500].decode("utf-8")
    except UnicodeDecodeError as error:
        text = head[: error.start].decode("utf-8") if error.start > 490 else "\x00"
    return "\x00" not in text
