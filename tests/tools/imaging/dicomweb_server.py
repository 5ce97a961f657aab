"""A small DICOMweb server over DICOM files, written from PS3.18; `broken` makes it misbehave in one named way."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydicom import dcmread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

JSON = "application/dicom+json"
STUDY = ("StudyInstanceUID", "StudyDate", "PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate")
SERIES = ("StudyInstanceUID", "SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription")
INSTANCE = ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "InstanceNumber", "NumberOfFrames")
KEYS = {"studies": "StudyInstanceUID", "series": "SeriesInstanceUID", "instances": "SOPInstanceUID"}


class Server:
    """The application, what it was asked, and how it misbehaves."""

    def __init__(self, files: Sequence[Path], token: str | None = None) -> None:
        self.files = list(files)
        self.headers = {path: dcmread(path, stop_before_pixels=True) for path in files}
        self.token, self.broken, self.most = token, "", 1000
        self.asked: list[tuple[str, str | None]] = []
        study, series = "/rs/studies/{study}", "/rs/studies/{study}/series/{series}"
        self.app = Starlette(
            routes=[
                Route("/rs/studies", self.search),
                Route(f"{study}/series", self.search),
                Route(f"{series}/instances", self.search),
                Route(series + "/instances/{instance}", self.retrieve),
                Route("/elsewhere{rest:path}", self.elsewhere),
            ]
        )

    async def search(self, request: Request) -> Response:
        """QIDO-RS."""
        if (refused := self._refused(request)) is not None:
            return refused
        level = request.url.path.rsplit("/", 1)[-1]
        names = {"studies": STUDY, "series": SERIES, "instances": INSTANCE}[level]
        rows: dict[str, dict[str, Any]] = {}
        for header in self._matching(request).values():
            wanted = request.query_params.get("PatientID")
            if wanted and self.broken != "ignores PatientID" and header.PatientID != wanted:
                continue
            row = {name: header[name] for name in names if name in header}
            rows[str(header[KEYS[level]].value)] = {f"{e.tag:08X}": _json(e) for e in row.values()}
        start = 0 if self.broken == "ignores offset" else int(request.query_params.get("offset", 0))
        page = list(rows.values())[start : start + min(self.most, int(request.query_params.get("limit", 1000)))]
        if self.broken == "html":
            return Response("<html>sign in</html>", media_type="text/html")
        if self.broken == "not json":
            return Response("[{", media_type=JSON)
        if self.broken == "object":
            return Response("{}", media_type=JSON)
        if self.broken == "bad uid":
            page = [{**row, "0020000D": {"vr": "UI", "Value": ["../../etc"]}} for row in page]
        return Response(json.dumps(page), media_type=JSON) if page else Response(status_code=204)

    async def retrieve(self, request: Request) -> Response:
        """WADO-RS, one instance."""
        if (refused := self._refused(request)) is not None:
            return refused
        wanted = request.path_params["instance"]
        path = next((one for one, h in self._matching(request).items() if h.SOPInstanceUID == wanted), None)
        if path is None:
            return Response(status_code=404)
        content = path.read_bytes()
        if self.broken == "other patient":
            content = next(one for one, h in self.headers.items() if h.PatientID == "P2").read_bytes()
        if self.broken == "plain":
            return Response(content, media_type="application/dicom")
        if self.broken == "text":
            content = b"sorry"
        part = b'--b"1\r\nContent-Type: application/dicom; transfer-syntax=x\r\n\r\n' + content + b"\r\n"
        if self.broken == "jpeg":
            part = part.replace(b"application/dicom;", b"image/jpeg;")
        body = part * (2 if self.broken == "two parts" else 1) + (b"" if self.broken == "cut" else b'--b"1--\r\n')
        kind = 'multipart/related; type="application/dicom"; boundary="b\\"1"'
        return Response(body, headers={"content-type": "text/plain" if self.broken == "plain text" else kind})

    async def elsewhere(self, request: Request) -> Response:
        """Where a redirect leads."""
        self.asked.append((request.url.path, request.headers.get("authorization")))
        return Response("[]", media_type=JSON)

    def _refused(self, request: Request) -> Response | None:
        self.asked.append((request.url.path, request.headers.get("authorization")))
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            return Response(status_code=401)
        if self.broken == "redirect":
            return RedirectResponse("https://other.example/elsewhere")
        return Response(status_code=503) if self.broken == "busy" else None

    def _matching(self, request: Request) -> dict[Path, Any]:
        wanted = {"study": "StudyInstanceUID", "series": "SeriesInstanceUID"}
        given = {name: value for name, value in request.path_params.items() if name in wanted}
        return {p: h for p, h in self.headers.items() if all(h[wanted[n]].value == v for n, v in given.items())}


def _json(element: Any) -> dict[str, Any]:
    return dict(json.loads(json.dumps(element.to_json_dict(None, 0))))
