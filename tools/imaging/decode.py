"""Decodes frames of compressed DICOM files in a process of its own; each goes to stdout as a length and a .npy.

`decode.py FILE FRAME` decodes one; with no arguments, lines of stdin (JSON lists of file and frame) say which.
Codecs are native code fed with whatever a file holds. Here they may crash, hang or ask for all memory without taking
the consultation with them. Imports nothing of Osler, so that the process starts at once. Exit 3: the codec said no,
its words on stderr. Of a video, a clip or one in DICOM, frame -1 is how many frames it has.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

MAX_MEMORY = 4 * 1024**3
REFUSED = 3


def main(wanted: Iterable[tuple[str, int]]) -> int:
    """Write the frames, decoded and converted to RGB where they were YBR."""
    # Not everywhere (Windows has no `resource`, macOS does not enforce it): the time limit of the caller remains.
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    import warnings

    warnings.simplefilter("ignore")
    import numpy as np

    last, file = None, None
    for path, frame in wanted:
        try:
            if file is None or path != last:
                last, file = path, _File(path)
            pixels = file.frame(frame)
        except Exception as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201
            return REFUSED
        out = io.BytesIO()
        np.save(out, np.ascontiguousarray(pixels), allow_pickle=False)
        sys.stdout.buffer.write(len(out.getbuffer()).to_bytes(8, "little"))
        sys.stdout.buffer.write(out.getbuffer())
        sys.stdout.buffer.flush()
    return 0


class _File:
    """A file whose frames are asked for, in rising order where it is a video."""

    def __init__(self, path: str) -> None:
        self.dataset: Any = None
        self.video: Any = path
        with open(path, "rb") as file:  # noqa: PTH123
            head = file.read(132)
        if not _is_clip(head):
            from pydicom import dcmread

            self.dataset = dcmread(path, force=True)
            self.video = _video_of(self.dataset)
        self.frames: Iterator[Any] | None = None
        self.at = -1

    def frame(self, number: int) -> Any:
        """The pixels of a frame; of a video as RGB."""
        if self.video is None:
            from pydicom.pixels import pixel_array

            return pixel_array(self.dataset, index=number)
        import av
        import numpy as np

        if number < 0:
            with av.open(self._source()) as container:
                return np.array([sum(packet.size > 0 for packet in container.demux(video=0))])
        if self.frames is None or number <= self.at:
            container = av.open(self._source())
            self.frames, self.at = container.decode(video=0), -1
        for picture in self.frames:
            self.at += 1
            if self.at == number:
                return picture.to_ndarray(format="rgb24")
        raise ValueError(f"the video ends after {self.at + 1} frames")

    def _source(self) -> Any:
        return self.video if isinstance(self.video, str) else io.BytesIO(self.video)


def _is_clip(head: bytes) -> bool:
    return head[4:8] == b"ftyp" or (head[:4] == b"RIFF" and head[8:12] == b"AVI ") or head[:4] == b"\x00\x00\x01\xba"


def _video_of(dataset: Any) -> bytes | None:
    """The stream of an MPEG-2, MPEG-4 or HEVC instance (1.2.840.10008.1.2.4.100 to 108), its fragments joined."""
    from pydicom.encaps import generate_fragments, parse_basic_offsets

    parts = str(dataset.file_meta.get("TransferSyntaxUID", "")).split(".")
    if parts[:7] != ["1", "2", "840", "10008", "1", "2", "4"] or not 100 <= int(parts[7]) <= 108:
        return None
    stream = io.BytesIO(dataset.PixelData)
    parse_basic_offsets(stream)
    return b"".join(generate_fragments(stream))


def _listed() -> Iterable[tuple[str, int]]:
    for line in sys.stdin:
        path, frame = json.loads(line)
        yield str(path), int(frame)


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(main([(given[0], int(given[1]))] if given else _listed()))
