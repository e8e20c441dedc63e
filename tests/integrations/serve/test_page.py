"""The search page and the page about asking, in a browser without a window."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
from selenium import webdriver
from serving import Server, build, wait_for

ODD = ["<img src=x onerror=document.title='bad'>", "a/b?x=1&y=2#z", 'naïve "quotes" 🦊', "..", "word" * 30]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path = tmp_path_factory.mktemp("page") / "items.near"
    build(path, 300, ids=[*ODD, *(f"item-{i}" for i in range(5, 300))]).close()
    started = Server(path, "--workers", 1, "--port", 0)
    yield started
    started.stop()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """What complains of nothing while a test looks at it."""
    browser.get_log("browser")
    yield browser
    complaints = [line for line in browser.get_log("browser") if "/search" not in line["message"]]
    assert complaints == []


def show(page: Any, address: str, width: int = 1200, scheme: str = "light") -> None:
    page.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    page.get(address)


def rows(page: Any) -> list[list[str]]:
    return page.execute_script(
        "return document.getElementById('found').hidden ? [] :"
        " [...document.querySelectorAll('tbody tr')].map(row => [...row.cells].map(cell => cell.textContent))"
    )


def status(page: Any) -> str:
    return page.execute_script("return document.getElementById('status').textContent")


def type_and_search(page: Any, **fields: str) -> None:
    for name, text in fields.items():
        field = page.find_element("id", name)
        field.clear()
        field.send_keys(text)
    page.find_element("tag name", "button").click()


def test_an_id_that_is_typed_shows_its_neighbours_and_attributes(page: Any, server: Server) -> None:
    show(page, server.address)
    wait_for(lambda: "300 vectors of 16, euclidean" in page.page_source)
    assert rows(page) == []
    type_and_search(page, id="item-7", k="4")
    found = wait_for(lambda: rows(page))
    with server.client() as client:
        expected = client.post("/search", json={"id": "item-7", "k": 4, "attributes": True}).json()
    assert [row[1] for row in found] == expected["ids"]
    assert [float(row[2]) for row in found] == pytest.approx(expected["distances"], rel=1e-5)
    assert [row[4] for row in found] == [each["lang"] for each in expected["attributes"]]
    assert page.execute_script("return document.querySelector('#item dd').textContent")
    assert page.current_url.endswith("?id=item-7&k=4")
    assert "item-7" in page.title


def test_a_link_shows_what_was_searched_and_back_goes_back(page: Any, server: Server) -> None:
    show(page, f"{server.address}/?id=item-9&k=3&filter=lang+%3D%3D+%27de%27")
    found = wait_for(lambda: rows(page))
    assert {row[4] for row in found} == {"de"}
    assert page.find_element("id", "filter").get_attribute("value") == "lang == 'de'"
    page.execute_script("document.querySelectorAll('tbody a')[1].click()")
    wait_for(lambda: found[1][1] in page.title)
    page.back()
    wait_for(lambda: "item-9" in page.title)
    assert rows(page) == found


def test_odd_ids_are_text_and_can_be_searched(page: Any, server: Server) -> None:
    for id_ in ODD:
        show(page, server.address)
        wait_for(lambda: "vectors of" in page.page_source)
        page.execute_script("document.getElementById('id').value = arguments[0]", id_)
        page.find_element("tag name", "button").click()
        found = wait_for(lambda: rows(page))
        assert found[0][1] == id_
        wait_for(lambda id_=id_: page.title == f"{id_} | nearfile")
        page.refresh()  # the address has all of it
        assert wait_for(lambda: rows(page))[0][1] == id_
    assert page.execute_script("return document.querySelectorAll('main img').length") == 0


def test_it_goes_by_keys_alone(page: Any, server: Server) -> None:
    keys = webdriver.Keys
    show(page, f"{server.address}/?id=item-20")
    wait_for(lambda: rows(page))
    second = rows(page)[1][1]
    page.execute_script("document.activeElement.blur()")
    webdriver.ActionChains(page).send_keys("/").perform()
    assert page.execute_script("return document.activeElement.id") == "id"
    webdriver.ActionChains(page).send_keys("item-21", keys.ENTER).perform()
    wait_for(lambda: "item-21" in page.title)
    second = rows(page)[1][1]
    webdriver.ActionChains(page).send_keys(keys.ARROW_DOWN, keys.ARROW_DOWN, keys.ENTER).perform()
    wait_for(lambda: page.title == f"{second} | nearfile")
    assert page.find_element("id", "id").get_attribute("value") == second


def test_what_is_not_there_is_told(page: Any, server: Server) -> None:
    show(page, f"{server.address}/?id=nobody")
    wait_for(lambda: "got 'nobody'" in status(page))
    assert rows(page) == []
    show(page, f"{server.address}/?id=item-7&filter=cost+%3C+3")
    wait_for(lambda: "cost" in status(page))


def test_numbers_beyond_what_a_browser_counts_to(browser: Any, tmp_path: pathlib.Path) -> None:
    ids = [2**62 + 1, 2**62 + 3, -(2**61) - 1, 7]
    build(tmp_path / "numbers.near", 4, ids=ids).close()
    server = Server(tmp_path / "numbers.near", "--workers", 1, "--port", 0)
    try:
        show(browser, f"{server.address}/?id={2**62 + 1}")
        found = wait_for(lambda: rows(browser))
        assert found[0][1] == str(2**62 + 1)
        assert {row[1] for row in found} == {str(each) for each in ids}
    finally:
        server.stop()


@pytest.mark.parametrize("width", [1200, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", ["?id=item-7", "docs"])
def test_it_fits_and_can_be_read(page: Any, server: Server, width: int, scheme: str, address: str) -> None:
    show(page, f"{server.address}/{address}", width, scheme)
    wait_for(lambda: page.execute_script("return document.querySelectorAll('tbody tr').length"))
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
    colors = page.execute_script(
        "const style = getComputedStyle(document.body); return [style.color, style.backgroundColor]"
    )
    assert contrast(*colors) > 7
    quiet = page.execute_script("return getComputedStyle(document.querySelector('th')).color")
    assert contrast(quiet, colors[1]) > 4.5
    bright = luminance(colors[1]) > 0.5
    assert bright == (scheme == "light")


def luminance(color: str) -> float:
    parts = [float(each) / 255 for each in color[color.index("(") + 1 : -1].split(",")[:3]]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_how_to_ask_has_every_path(page: Any, server: Server) -> None:
    show(page, f"{server.address}/docs")
    shown = wait_for(
        lambda: page.execute_script(
            "return [...document.querySelectorAll('summary code')].map(each => each.textContent)"
        )
    )
    with server.client() as client:
        assert shown == list(client.get("/openapi.json").json()["paths"])
    assert page.execute_script("return document.getElementById('example').textContent").startswith(
        f"curl {server.address}"
    )


def test_pages_fetch_nothing_from_elsewhere(server: Server) -> None:
    with server.client() as client:
        for address in ("/", "/docs"):
            response = client.get(address)
            assert "default-src 'none'" in response.headers["content-security-policy"]
            assert "unsafe" not in response.headers["content-security-policy"]
            assert "http://" not in response.text
            assert "https://" not in response.text
            assert len(response.content) < 12_000
