"""The sign and the page as PDF: of the sheet's size, with a code that decodes."""

from __future__ import annotations

import shutil
import subprocess

import cv2
import pytest

from edge import pdf
from edge.cli import main
from edge.errors import UserError
from tests.notice.test_command import OPERATOR

pypdf = pytest.importorskip("pypdf", reason="needs pypdf")

URL = "https://shop.example/camera"
SIDES_MM = {"A5": [148, 210], "A4": [210, 297], "A3": [297, 420]}


@pytest.fixture(autouse=True)
def _printer():
    """Or a skip where WeasyPrint or the libraries it loads are missing."""
    try:
        pdf.require()
    except UserError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("paper", SIDES_MM)
def test_a_sign_is_one_sheet_of_its_size_and_its_code_decodes(tmp_path, paper):
    """As poppler prints it, at 150 dots an inch."""
    pytest.importorskip("segno", reason="needs the extra notice")
    file, out = tmp_path / "config.toml", tmp_path / "out"
    file.write_text(f'{OPERATOR}notice_url = "{URL}"\n')
    with pytest.raises(SystemExit) as ended:
        main(["notice", "--config", str(file), "--out", str(out), "--format", paper, "--pdf"])
    assert ended.value.code == 0
    printed = pypdf.PdfReader(out / f"sign-en-{paper}.pdf")
    [sheet] = printed.pages
    assert [round(float(side) / 72 * 25.4) for side in sheet.mediabox[2:]] == SIDES_MM[paper]
    assert "Camera counts people" in " ".join(sheet.extract_text().split())
    text = "".join(page.extract_text() for page in pypdf.PdfReader(out / "notice.pdf").pages)
    assert "Your rights" in text
    if shutil.which("pdftoppm") is None:
        pytest.skip("pdftoppm is not installed: apt install poppler-utils")
    command = ["pdftoppm", "-r", "150", "-png", "-singlefile", out / f"sign-en-{paper}.pdf", "sign"]
    subprocess.run(command, cwd=tmp_path, check=True)
    decoded, _, _ = cv2.QRCodeDetector().detectAndDecode(cv2.imread(str(tmp_path / "sign.png")))
    assert decoded == URL


def test_nothing_that_a_text_names_is_fetched(tmp_path):
    """Neither from the network nor from the disk."""
    secret = tmp_path / "secret.css"
    secret.write_text("body::before { content: 'fetched' }")
    out = tmp_path / "out.pdf"
    pdf.write_pdf(f"<link rel=stylesheet href='{secret.as_uri()}'><p>here</p>", out)
    assert pypdf.PdfReader(out).pages[0].extract_text() == "here"


def test_the_same_page_makes_the_same_file(tmp_path):
    """So that a comparison tells whether a sign that hangs is still right."""
    for name in ("one", "two"):
        pdf.write_pdf("<p>here</p>", tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
