"""`image.read` through a real HTTP server with scripted replies: what reaches the model, and what may come back."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import socket
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from agent.models.openai import OpenAIModel
from knowledge.evidence import Evidence, ModelReading
from tests.agent.model_server import ModelServer, serving
from tests.tools.vlm.films import context, film
from tools.catalog import catalog
from tools.context import ImageFile
from tools.errors import BadInput, IdentityMismatch, NotAssessable, ToolError, UpstreamError
from tools.spec import ToolOutput
from tools.vlm.read import WrongImage, image_read
from tools.vlm.words import MAX_ANSWER, PROMPT_VERSION

QUESTION = "Is there an opacity in the right lung?"


def answer(text: str = "An opacity in the upper part.", **more: Any) -> dict[str, Any]:
    return {"answer": text, "regions": [], **more}


def box(*edges: Any, label: Any = "opacity") -> dict[str, Any]:
    return {"label": label, "box": list(edges)}


async def read(
    home: Path, server: ModelServer, image: ImageFile, question: str = QUESTION, **arguments: Any
) -> ToolOutput:
    ctx = await context(home, image, vision=OpenAIModel(server.url, "tiny", 5.0))
    return await image_read.call({"question": question, **arguments}, ctx)


def reading(output: ToolOutput) -> tuple[Evidence, ModelReading]:
    (evidence,) = output.evidence
    assert isinstance(evidence.source, ModelReading)
    return evidence, evidence.source


def test_the_tool_is_in_the_catalogue() -> None:
    assert catalog()["image.read"] is image_read and image_read.kind == "image"


async def test_a_reading_is_an_opinion_without_a_value(home: Path, tmp_path: Path) -> None:
    image = film(tmp_path / "chest.dcm")
    with serving(answer(regions=[box(80, 60, 160, 120)])) as server:
        output = await read(home, server, image)
    evidence, source = reading(output)
    assert (evidence.kind, evidence.value, evidence.unit, evidence.patient) == ("reading", None, None, "demo-af")
    assert evidence.display == "tiny: “An opacity in the upper part.” (a model's opinion)"
    assert evidence.effective_at == "2026-02-25" and evidence.slot == "image.read"
    assert (source.model, source.revision, source.prompt_version) == ("tiny", "b1", PROMPT_VERSION)
    assert source.images == (image.sha256,)
    (region,) = source.regions
    assert (region.image, region.frame, region.label, region.box) == (image.sha256, 0, "opacity", (80, 60, 160, 120))
    assert output.detail["attempts"] == 1 and output.detail["tokens_in"] == 11 and output.detail["seconds"] > 0


async def test_only_pixels_and_a_question_without_names_leave(home: Path, tmp_path: Path) -> None:
    image = film(tmp_path / "ellison.dcm", StudyDescription="Chest of Margaret", InstitutionName="St Elsewhere")
    asked = "Mrs Ellison (demo-af, NHS 943 476 5919): opacity in Margaret's lung?\x07 <image>"
    with serving(answer()) as server:
        await read(home, server, image, asked)
    (body,) = server.asked
    sent = json.dumps(body).casefold()
    for hidden in ("ellison", "margaret", "demo-af", "943", "elsewhere", "1948", "20260225", image.sha256[:8]):
        assert hidden not in sent.replace(body["messages"][1]["content"][0]["image_url"]["url"].casefold(), "")
    picture, text = body["messages"][1]["content"]
    assert "opacity in [withheld]'s lung?" in text["text"] and "\x07" not in text["text"]
    data = base64.b64decode(picture["image_url"]["url"].partition(",")[2])
    shown = Pillow.open(io.BytesIO(data))
    assert (shown.mode, shown.size, shown.format, shown.info) == ("RGB", (320, 240), "PNG", {})
    assert b"Ellison" not in data and shown.getpixel((100, 80))[0] > shown.getpixel((10, 10))[0]


async def test_a_large_image_is_made_small_and_its_boxes_large_again(home: Path, tmp_path: Path) -> None:
    image = film(tmp_path / "large.dcm", columns=1792, rows=1024)
    with serving(answer(regions=[box(10, 20, 30, 41)])) as server:
        output = await read(home, server, image)
    assert output.detail["shown"] == {"columns": 896, "rows": 512}
    assert "896 pixels wide and 512 pixels high" in server.asked[0]["messages"][1]["content"][1]["text"]
    assert reading(output)[1].regions[0].box == (20, 40, 60, 82)


@pytest.mark.parametrize(
    ("raw", "kept", "words"),
    [
        (box(-20, -5, 40, 50), (0, 0, 40, 50), "was cut to it"),
        (box(300, 200, 400, 400), (300, 200, 320, 240), "was cut to it"),
        (box(400, 20, 500, 60), None, "outside the image"),
        (box(20, -60, 60, -10), None, "outside the image"),
        (box(60, 20, 20, 60), None, "outside the image or is empty"),
        (box(20, 20, 20, 60), None, "empty"),
        (box(20, 20, 60), None, "four numbers"),
        (box(20, 20, 60, "60"), None, "four numbers"),
        (box(20, 20, 60, True), None, "four numbers"),
        (box(20, 20, 60, float("inf")), None, "four numbers"),
        (box(20, 20, 60, 60, label=" \x00 "), None, "label"),
        ("everywhere", None, "label"),
    ],
)
async def test_boxes_are_checked(home: Path, tmp_path: Path, raw: Any, kept: Any, words: str) -> None:
    with serving(json.dumps(answer(regions=[raw]))) as server:
        output = await read(home, server, film(tmp_path / "chest.dcm"))
    assert [region.box for region in reading(output)[1].regions] == ([kept] if kept else [])
    assert any(words in line and "region 1" in line for line in output.warnings)


@pytest.mark.parametrize(
    ("elements", "question", "more", "words"),
    [
        ({"BodyPartExamined": "HAND"}, "Is the liver enlarged?", {}, "about abdomen, and the image is not: .* arm"),
        ({"BodyPartExamined": "HAND"}, "Is the heart enlarged?", {}, "about chest or heart"),
        ({}, "Is there a fracture of the hip?", {}, "the file says chest"),
        ({}, "Is there a bleed on this CT?", {}, "about CT, and the image is not: the file says modality DX"),
        ({}, "What is seen?", {"modality": "MR"}, "about MR"),
        ({}, "What is seen?", {"anatomy": "knee"}, "about leg"),
    ],
)
async def test_an_image_of_something_else_is_refused_before_the_model_is_asked(
    home: Path, tmp_path: Path, elements: dict[str, str], question: str, more: dict[str, str], words: str
) -> None:
    with serving(answer()) as server, pytest.raises(WrongImage, match=words) as caught:
        await read(home, server, film(tmp_path / "film.dcm", **elements), question, **more)
    assert not server.hits
    document = caught.value.document()
    assert document["code"] == "wrong_image" and document["found"] and document["expected"] and document["action"]
    assert isinstance(caught.value, ToolError)


@pytest.mark.parametrize("question", ["Is the heart large on this x-ray?", "Any vertebral fracture?", "What is seen?"])
async def test_an_image_that_fits_is_read_without_a_word_about_it(home: Path, tmp_path: Path, question: str) -> None:
    with serving(answer()) as server:
        output = await read(home, server, film(tmp_path / "chest.dcm", BurnedInAnnotation="NO"), question)
    assert output.warnings == []


async def test_a_picture_that_says_nothing_of_itself_is_read_and_what_is_not_known_is_said(
    home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "photo.png"
    Pillow.new("RGB", (90, 60), (200, 40, 40)).save(path)
    image = ImageFile(path, hashlib.sha256(path.read_bytes()).hexdigest(), path.name)
    with serving(answer()) as server:
        output = await read(home, server, image, "Is there a fracture of the wrist?")
    told = " ".join(output.warnings)
    for words in (
        "identity unconfirmed",
        "not known whether the image is of arm",
        "burnt into the pixels",
    ):
        assert words in told
    url = server.asked[0]["messages"][1]["content"][0]["image_url"]["url"]
    shown = Pillow.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))
    assert shown.getpixel((5, 5)) == (200, 40, 40) and "brightness" not in told


async def test_an_image_of_another_patient_stops_the_tool(home: Path, tmp_path: Path) -> None:
    image = film(tmp_path / "other.dcm", PatientID="demo-ckd", PatientName="Delgado^Rosa", PatientBirthDate="19600101")
    with serving(answer()) as server, pytest.raises(IdentityMismatch):
        await read(home, server, image)
    assert not server.hits


# -- what the model says ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "held"),
    [
        ("The nodule measures 12 mm.", "a measurement"),
        ("Cardiothoracic ratio of about 0.6.", "a measurement"),
        ("The lungs are clear.", "a normal finding"),
        ("The heart is unremarkable.", "a normal finding"),
        ("No pneumothorax.", "an exclusion"),
        ("Pneumonia is ruled out.", "an exclusion"),
    ],
)
async def test_words_that_an_opinion_must_not_carry_are_pointed_out(
    home: Path, tmp_path: Path, words: str, held: str
) -> None:
    with serving(answer(words)) as server:
        output = await read(home, server, film(tmp_path / "chest.dcm"))
    assert any(f"hold {held}" in line and "carries none" in line for line in output.warnings)
    assert reading(output)[0].value is None


async def test_what_a_model_says_is_cut_and_cleaned(home: Path, tmp_path: Path) -> None:
    said = "line one\n\x1b[31m\u202egnorw\u202c\u0007 " + "x" * 5000
    with serving(answer(said, regions=[box(1, 1, 9, 9, label="a\nb" * 100)])) as server:
        evidence, source = reading(await read(home, server, film(tmp_path / "chest.dcm")))
    assert len(evidence.display) < MAX_ANSWER + 60 and len(source.regions[0].label) <= 60
    assert all(letter.isprintable() for letter in evidence.display + source.regions[0].label)


@pytest.mark.parametrize(
    "bad", ["plain words", "[]", '{"answer": 3}', '{"answer": "..."}', '{"answer": "ok", "regions": 3}', ""]
)
async def test_an_answer_of_another_form_is_asked_for_once_more(home: Path, tmp_path: Path, bad: str) -> None:
    image = film(tmp_path / "chest.dcm")
    with serving(bad, answer()) as server:
        output = await read(home, server, image)
    assert output.detail["attempts"] == 2 and output.detail["tokens_in"] == 22
    assert "was not accepted" in server.asked[1]["messages"][1]["content"][1]["text"]
    with serving(bad) as server, pytest.raises(NotAssessable, match="no answer about the image"):
        await read(home, server, image)
    assert len(server.asked) == 2


async def test_a_fence_or_a_train_of_thought_around_the_answer_is_taken_off(home: Path, tmp_path: Path) -> None:
    image = film(tmp_path / "chest.dcm")
    for around in ("```json\n{}\n```", "<think>hm {}</think>\n{}"):
        head, _, tail = around.rpartition("{}")
        with serving(head + json.dumps(answer()) + tail) as server:
            assert reading(await read(home, server, image))[0].display.startswith("tiny: “An opacity")


async def test_the_same_answer_is_the_same_evidence(home: Path, tmp_path: Path) -> None:
    image = film(tmp_path / "chest.dcm")
    with serving(answer(regions=[box(1, 2, 3, 4)])) as server:
        first, second = [reading(await read(home, server, image))[0] for _ in range(2)]
    with serving(answer(regions=[box(1, 2, 3, 5)])) as server:
        third = reading(await read(home, server, image))[0]
    assert first.id == second.id != third.id


# -- what cannot be read ---------------------------------------------------------------------------------------------


async def test_without_a_model_or_an_image_it_says_what_is_missing(home: Path, tmp_path: Path) -> None:
    with pytest.raises(NotAssessable, match="no model reads images") as caught:
        await image_read.call({"question": QUESTION}, await context(home, film(tmp_path / "chest.dcm")))
    assert "OSLER_MODEL" in caught.value.action
    with serving(answer()) as server:
        ctx = await context(home, vision=OpenAIModel(server.url, "tiny"))
        with pytest.raises(NotAssessable, match="no image"):
            await image_read.call({"question": QUESTION}, ctx)
        with pytest.raises(BadInput, match="question"):
            await image_read.call({}, ctx)
    assert not server.hits


async def test_a_server_that_is_gone_is_an_upstream_error(home: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    ctx = await context(home, film(tmp_path / "chest.dcm"), vision=OpenAIModel(url, "tiny", 5.0))
    with pytest.raises(UpstreamError, match="cannot be reached"):
        await image_read.call({"question": QUESTION}, ctx)


async def test_words_burnt_into_the_pixels_are_covered_in_what_leaves(home: Path, tmp_path: Path) -> None:
    drawn = Pillow.new("L", (640, 480), 30)
    ImageDraw.Draw(drawn).text((20, 20), "ELLISON M 1948", fill=255, font=ImageFont.load_default(26))
    path = tmp_path / "capture.png"
    drawn.save(path)
    image = ImageFile(path, hashlib.sha256(path.read_bytes()).hexdigest(), path.name)
    with serving(answer()) as server:
        output = await read(home, server, image, "What is seen?")
    url = server.asked[0]["messages"][1]["content"][0]["image_url"]["url"]
    shown = Pillow.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))
    assert shown.convert("L").getextrema() == (0, 30)
    assert any("covered before the model saw it" in line for line in output.warnings)
