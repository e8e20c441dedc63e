"""The page that ``nearfile report`` writes, in a browser: both themes, wide and narrow, by pointer and by keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nearfile
import nearfile.report
import numpy as np
import pytest

EVIL = "</script><script>document.title='harmed'</script>"
PAPER = {"light": "rgb(246, 247, 249)", "dark": "rgb(13, 17, 23)"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pages of an index with clusters, of one by inner products, of tiny ones and of a collection."""
    made = tmp_path_factory.mktemp("reports")
    random = np.random.default_rng(0)
    kind = random.integers(0, 5, 1500)
    vectors = random.standard_normal((5, 24))[kind] + 0.5 * random.standard_normal((1500, 24))
    vectors[:20] = vectors[0]
    ids = [EVIL, "w" * 400, *(f"item {row}" for row in range(2, 1500))]
    columns = {"kind": [f"kind {each}" for each in kind], "price": random.gamma(2, 10, 1500), EVIL: [EVIL] * 1500}
    indexes = {
        "clusters": nearfile.build(vectors, made / "clusters.near", metric="angular", ids=ids, attributes=columns),
        "products": nearfile.build(vectors, made / ("a-very-long-name-" * 8 + ".near"), metric="dot", keep="none"),
        "empty": nearfile.build(np.empty((0, 4)), made / "empty.near"),
        "two": nearfile.build(np.eye(2), made / "two.near"),
        "alike": nearfile.build(np.ones((200, 4)), made / "alike.near", structure="forest"),
    }
    with nearfile.Collection(made / "collection", dim=24) as items:
        items.add(vectors)
        for name, index in {**indexes, "collection": items}.items():
            nearfile.report.write(index, made / f"{name}.html", seed=1)
    return made


def show(browser: Any, page: Path, width: int, theme: str) -> None:
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": theme}]}
    )
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    browser.get(page.as_uri())
    browser.execute_script("try { localStorage.clear() } catch {} delete document.documentElement.dataset.theme")


def paper(browser: Any) -> str:
    return browser.execute_script("return getComputedStyle(document.body).backgroundColor")


@pytest.mark.parametrize("width", [1400, 700, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["clusters", "products", "empty", "two", "alike", "collection"])
def test_pages_fit_and_say_nothing_on_the_console(
    browser: Any, folder: Path, name: str, theme: str, width: int
) -> None:
    browser.get_log("browser")
    show(browser, folder / f"{name}.html", width, theme)
    assert paper(browser) == PAPER[theme]
    wide = """
        const shown = [...document.querySelectorAll("main *, header *, footer *")].filter((each) => each.checkVisibility());
        const boxes = shown.map((each) => [each, each.getBoundingClientRect()]);
        return boxes.filter(([each, box]) => box.width && (box.right > innerWidth + 1 || box.left < -1) && !each.closest(".scroll"))
            .map(([each]) => each.outerHTML.slice(0, 200));
    """
    assert browser.execute_script(wide) == []
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert browser.get_log("browser") == []
    assert browser.title.endswith("· nearfile")


@pytest.mark.parametrize("width", [1400, 390])
@pytest.mark.parametrize("name", ["clusters", "products", "two", "alike", "collection"])
def test_no_two_labels_of_a_picture_touch_and_none_is_cut(browser: Any, folder: Path, name: str, width: int) -> None:
    show(browser, folder / f"{name}.html", width, "light")
    found = """
        const faults = [];
        for (const svg of document.querySelectorAll("svg")) {
            if (!svg.checkVisibility()) continue;
            const frame = svg.getBoundingClientRect();
            const texts = [...svg.querySelectorAll("text")].map((each) => [each.textContent, each.getBoundingClientRect()]);
            texts.forEach(([text, box], at) => {
                if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1)
                    faults.push(`cut: ${text}`);
                if (box.height < 9) faults.push(`small: ${text}`);
                for (const [other, beside] of texts.slice(at + 1))
                    if (box.left < beside.right - 1 && beside.left < box.right - 1 && box.top < beside.bottom - 3.5 && beside.top < box.bottom - 3.5)
                        faults.push(`touch: ${text} / ${other}`);
            });
        }
        return faults;
    """
    assert browser.execute_script(found) == []


def test_the_button_changes_the_theme(browser: Any, folder: Path) -> None:
    show(browser, folder / "two.html", 1400, "light")
    button = browser.find_element("id", "theme")
    assert button.text == "Dark"
    button.click()
    assert (paper(browser), button.text) == (PAPER["dark"], "Light")
    button.click()
    assert (paper(browser), button.text) == (PAPER["light"], "Dark")


def test_text_can_be_read_in_both_themes(browser: Any, folder: Path) -> None:
    contrast = """
        const light = (color) => {
            const parts = color.match(/[\\d.]+/g).slice(0, 3).map((each) => {
                const part = each / 255;
                return part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4;
            });
            return .2126 * parts[0] + .7152 * parts[1] + .0722 * parts[2];
        };
        const behind = (each) => {
            for (; each; each = each.parentElement) {
                const color = getComputedStyle(each).backgroundColor;
                if (!color.endsWith(", 0)")) return color;
            }
        };
        const least = {};
        for (const each of document.querySelectorAll("p, dt, dd, h1, h2, h3, th, td, button, select, summary, text, .key span, label")) {
            if (!each.checkVisibility() || !each.textContent.trim()) continue;
            const style = getComputedStyle(each);
            const two = [light(each.closest("svg") ? style.fill : style.color), light(behind(each))].sort((a, b) => b - a);
            const ratio = (two[0] + .05) / (two[1] + .05);
            if (ratio < 4.5) least[each.tagName + "." + each.className] = ratio;
        }
        return least;
    """
    for theme in ("light", "dark"):
        show(browser, folder / "clusters.html", 1400, theme)
        assert browser.execute_script(contrast) == {}, theme


def test_pointing_at_the_map_tells_the_id(browser: Any, folder: Path) -> None:
    from selenium.webdriver import ActionChains

    show(browser, folder / "clusters.html", 1400, "light")
    svg = browser.find_element("css selector", ".map svg")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", svg)
    at = browser.execute_script("return JSON.parse(document.getElementById('map-data').textContent)")
    row = at["ids"].index(EVIL) if EVIL in at["ids"] else 0
    x, y = browser.execute_script(
        "const p = new DOMPoint(arguments[1], arguments[2]).matrixTransform(arguments[0].getScreenCTM()); return [p.x, p.y]",
        svg,
        at["x"][row],
        at["y"][row],
    )
    actions = ActionChains(browser)
    actions.w3c_actions.pointer_action.move_to_location(round(x), round(y))
    actions.perform()
    tip = browser.find_element("id", "tip")
    assert tip.value_of_css_property("visibility") == "visible"
    near = [
        each
        for each, a, b in zip(at["ids"], at["x"], at["y"])
        if (a - at["x"][row]) ** 2 + (b - at["y"][row]) ** 2 <= 4
    ]
    assert tip.text.split("\n")[0] in near
    assert "kind: kind" in tip.text
    assert browser.title != "harmed"


def test_an_id_that_is_markup_is_shown_as_it_is(browser: Any, folder: Path) -> None:
    show(browser, folder / "clusters.html", 1400, "light")
    assert browser.title == "clusters.near · nearfile"
    assert EVIL in browser.find_element("tag name", "main").text  # in the table of duplicates
    # Whatever would be put in runs no script: the page's own policy.
    browser.execute_script(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"document.title = 1\">')"
    )
    blocked = browser.execute_async_script(
        """
        const done = arguments[0];
        const script = document.createElement("script");
        document.addEventListener("securitypolicyviolation", () => done("blocked"));
        script.textContent = "document.title = 'harmed'";
        document.body.append(script);
        setTimeout(() => done(document.title), 2000);
        """
    )
    assert blocked == "blocked"
    assert browser.title == "clusters.near · nearfile"
    browser.get_log("browser")


def test_the_keyboard_goes_through_points_and_bars(browser: Any, folder: Path) -> None:
    show(browser, folder / "clusters.html", 1400, "dark")
    press = """
        const svg = document.querySelector(arguments[0]);
        svg.focus();
        for (const key of arguments[1]) svg.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
        return document.getElementById("said").textContent;
    """
    first = browser.execute_script(press, ".map svg", ["ArrowRight"])
    others = [browser.execute_script(press, ".map svg", [f"Arrow{way}"]) for way in ("Right", "Down", "Left", "Up")]
    assert first
    assert len({first, *others}) > 2
    assert "recall" in browser.execute_script(press, "svg.wide", ["ArrowRight"])
    assert browser.execute_script("return document.querySelectorAll('svg.wide .on').length") == 1
    browser.execute_script(press, "svg.wide", ["Escape"])
    assert browser.execute_script("return document.querySelectorAll('svg.wide .on').length") == 0


def test_the_map_is_coloured_by_what_is_chosen(browser: Any, folder: Path) -> None:
    show(browser, folder / "clusters.html", 1400, "light")
    count = (
        "return [...document.querySelectorAll('.points')].map((path) => path.getAttribute('d').split('h0').length - 1)"
    )
    assert sum(browser.execute_script(count)) == 1500
    for place, groups in ((0, 5), (1, 5), (2, 1)):
        browser.execute_script(
            "const s = document.getElementById('coloring'); s.selectedIndex = arguments[0]; s.dispatchEvent(new Event('change'))",
            place,
        )
        found = browser.execute_script(count)
        assert (len(found), sum(found)) == (groups, 1500)
        keys = browser.find_elements("css selector", ".legend button")
        assert len(keys) == groups
        keys[0].click()
        assert browser.execute_script("return document.querySelectorAll('.points.faint').length") == groups - 1
