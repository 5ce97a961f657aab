"""Decodes a frame of a compressed DICOM file in a process of its own: `decode.py FILE FRAME` writes .npy to stdout.

Codecs are native code fed with whatever a file holds. Here they may crash, hang or ask for all memory without taking
the consultation with them. Imports nothing of Osler, so that the process starts at once. Exit 3: the codec said no,
its words on stderr.
"""

from __future__ import annotations

import contextlib
import io
import sys

MAX_MEMORY = 4 * 1024**3
REFUSED = 3


def main(path: str, frame: int) -> int:
    """Write the frame, decoded and converted to RGB where it was YBR."""
    # Not everywhere (Windows has no `resource`, macOS does not enforce it): the time limit of the caller remains.
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    import warnings

    warnings.simplefilter("ignore")
    import numpy as np
    from pydicom import dcmread
    from pydicom.pixels import pixel_array

    try:
        pixels = pixel_array(dcmread(path, force=True), index=frame)
    except Exception as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201
        return REFUSED
    out = io.BytesIO()
    np.save(out, np.ascontiguousarray(pixels), allow_pickle=False)
    sys.stdout.buffer.write(out.getbuffer())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
