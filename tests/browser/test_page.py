"""The report in a real browser: the map draws, answers and prints; no fault that keeps people out.

Chromium's own binary, as Debian packages it, driven by Playwright; `CHROMIUM` names another one.
"""

from __future__ import annotations

import os
import re
import shutil
import time

import numpy as np
import pytest

from gwkeras.fields.writing.writer import FieldWriter
from gwkeras.methods.method import Prediction
from gwkeras.report.writing import write_whole_report
from tests.report.small import COARSE, Off
from tests.report.stored import METHODS, write_run

pytestmark = pytest.mark.browser

READY = "document.body.dataset.map"


@pytest.fixture(scope="module")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: pip install 'gwkeras[browser]'")
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium is installed: apt-get install chromium, or name one with CHROMIUM")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    write_run(
        folder, methods=tuple(Near(m.name, m.error, m.half) for m in (*METHODS, Off("<i>odd</i> & second", 0.5, 1.0))), of=hilly
    )
    return write_whole_report([folder], folder).page


def hilly(month):
    """Another field in February than in January."""
    field = np.add.outer(np.arange(4.0), 3.0 * np.arange(6.0)) - 8.0
    return field * (1 if str(month)[:7] == "2003-01" else -1)


class Near(Off):
    """The hills plus an error."""

    def predict(self, domain, month, part=None) -> Prediction:
        flat, mean = super().predict(domain, month), hilly(month) + self.error
        if self.half is None:
            return Prediction(mean)
        return Prediction(mean, flat.sigma, mean - self.half, mean + self.half, self.interval)


@pytest.fixture
def page(chromium, written):
    """The report at a desktop's width, its console watched."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "request", lambda request: said.append(request.url) if not request.url.startswith(("file:", "data:", "blob:")) else None
    )
    page.goto(written.as_uri())
    page.wait_for_function(f"{READY} !== undefined")
    yield page
    context.close()
    assert said == []


def picture(page) -> str:
    return page.locator("#map-plot .heatmaplayer image").get_attribute("href") or ""


def click_middle(page) -> None:
    page.locator("#map-plot").scroll_into_view_if_needed()
    box = page.locator("#map-plot .nsewdrag").first.bounding_box()
    page.mouse.click(box["x"] + 0.4 * box["width"], box["y"] + 0.4 * box["height"])


def test_it_opens_and_draws_at_once(chromium, written):
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    page = context.new_page()
    started = time.perf_counter()
    page.goto(written.as_uri())
    page.wait_for_function(f"{READY} !== undefined")
    assert time.perf_counter() - started < 10  # alone on the machine some 1.5 s; CI has other work
    context.close()


def test_month_quantity_and_method_change_the_map(page):
    january = picture(page)
    assert january.startswith("data:image/png")
    page.locator("#map-next").click()
    page.wait_for_function(f"{READY}.endsWith('2003-02')")
    assert picture(page) != january
    assert page.locator("#map-next").is_disabled()
    page.select_option("#map-quantity", "error")
    page.wait_for_function(f"{READY}.startsWith('error/')")
    assert "used for scoring" in page.locator("#map-meaning").inner_text()
    page.select_option("#map-method", label="bicubic")
    page.wait_for_function(f"{READY}.startsWith('error/2')")
    assert page.locator("#map-plot .gtitle").text_content() == "Error, bicubic, 2003-02"
    assert "sigma" not in page.locator("#map-quantity option").evaluate_all("options => options.map(o => o.value)")


def test_without_a_truth_it_shows_the_record(chromium, tmp_path):
    """A run on a product alone: what was written, in its months and cells; there is no error to choose."""
    write_run(tmp_path, methods=METHODS, evidence="product")
    months = np.array(["2003-01", "2003-02", "2003-03"], "datetime64[M]")
    with FieldWriter(tmp_path / "gwsa_fine.nc", COARSE.refine(4)) as writer:
        for month in months:
            writer.append(month, np.full((8, 12), 12.0), np.full((8, 12), 4.0))
    page = chromium.new_context(offline=True).new_page()
    page.goto(write_whole_report([tmp_path], tmp_path).page.as_uri())
    page.wait_for_function(f"{READY} !== undefined")
    offered = page.locator("#map-quantity option").evaluate_all("options => options.map(o => o.value)")
    assert offered == ["mean", "sigma"]  # the product's files are not there
    assert page.locator("#map-month option").all_text_contents() == ["2003-01", "2003-02", "2003-03"]
    assert page.locator("#map-note").inner_text().startswith("This is the written record.")
    click_middle(page)
    page.wait_for_function("document.body.dataset.series !== undefined")
    assert "model 12.0 mm; σ 4.0 mm." in page.locator("#map-values").inner_text()
    page.context.close()


def test_names_are_shown_as_they_are(page):
    name = "<i>odd</i> & second"
    page.select_option("#map-method", label=name)
    page.wait_for_function(f"{READY}.startsWith('mean/4')")
    assert page.locator("#map-plot .gtitle").text_content() == f"Storage, {name}, 2003-01"
    assert page.locator("th", has_text=name).count() > 3
    assert page.locator("main i").count() == 0


def test_a_click_shows_the_series_with_its_band(page):
    click_middle(page)
    page.wait_for_function("document.body.dataset.series !== undefined")
    assert re.fullmatch(r"1\d\.\d{3}° N, 2\d\.\d{3}° E", page.evaluate("document.body.dataset.series"))
    names = page.locator("#map-series .legendtext").all_text_contents()
    assert names == ["90 % interval", "product", "truth", "model"]
    said = page.locator("#map-values").inner_text()
    error = re.search(r"error (−?[\d.]+) mm", said)
    assert float(error[1].replace("−", "-")) == pytest.approx(1.0, abs=0.11)  # the method is 1 mm off everywhere
    assert "90 % between" in said
    assert "product 7.0 mm" in said
    rows = page.locator("#series-table tbody tr")
    assert rows.count() == 2


def test_the_keyboard_reaches_everything(page):
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id"))
    for control in ("map-quantity", "map-method", "map-month", "map-next", "map-whole", "map-plot"):
        assert control in reached, control
    page.locator("#map-plot").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.body.dataset.series !== undefined")
    first = page.evaluate("document.body.dataset.series")
    page.keyboard.press("ArrowUp")
    page.wait_for_function(f"document.body.dataset.series !== {first!r}")
    first_lat, then_lat = (float(text.split("°")[0]) for text in (first, page.evaluate("document.body.dataset.series")))
    assert then_lat - first_lat == pytest.approx(0.5)


def test_axe_finds_no_serious_fault(page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    click_middle(page)
    page.wait_for_function("document.body.dataset.series !== undefined")
    found = axe.Axe().run(page).response["violations"]
    serious = [(v["id"], [n["html"][:100] for n in v["nodes"]]) for v in found if v["impact"] in ("serious", "critical")]
    assert serious == []


def test_a_phone_shows_it_without_scrolling_sideways(chromium, written):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, offline=True)
    page = context.new_page()
    page.goto(written.as_uri())
    page.wait_for_function(f"{READY} !== undefined")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    smallest = page.evaluate(
        "Math.min(...[...document.querySelectorAll('p, li, td')].map(e => parseFloat(getComputedStyle(e).fontSize)))"
    )
    assert smallest >= 12
    for control in page.locator("select, button").all():
        assert control.bounding_box()["height"] >= 36
    context.close()


def test_it_prints(page, tmp_path):
    data = page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert data.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", data)) >= 3
    page.emulate_media(media="print")
    assert not page.locator("#map-quantity").is_visible()
