"""Why a file is not read as an image. All are `BadInput`: the person who gave the file can act on them.

BadInput
├── NotAnImage           it is something else: a report, a plan, a waveform, a text
├── UnreadableImage      it is an image, but broken or incomplete
├── UnsupportedImage     it is an image in a form that cannot be decoded here
└── ImageTooLarge        it would need more memory than is given to one image
"""

from __future__ import annotations

from tools.errors import BadInput


class NotAnImage(BadInput):
    """Not an image: a report, a plan, a waveform, an index of files, a text."""

    code = "not_an_image"


class UnreadableImage(BadInput):
    """An image that is broken, incomplete or contradicts itself."""

    code = "unreadable_image"


class UnsupportedImage(BadInput):
    """An image in an encoding or layout that cannot be decoded here."""

    code = "unsupported_image"


class ImageTooLarge(BadInput):
    """More pixels or bytes than one image may have."""

    code = "image_too_large"
