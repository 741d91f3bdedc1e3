"""Tests of the dashboard in a real browser with real episodes."""

import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

pytestmark = pytest.mark.engine

YAML = """
name: {name}
seed: 3
generations: {generations}
population: 6
episodes: {episodes}
scenario: {{name: defend_the_center, timeout: {timeout}}}
fitness: kills
holdout: {{validation: 2, episodes: 3}}
"""
_PATIENCE = 30_000


def config(name: str, *, generations: int = 8, episodes: int = 2, timeout: int = 600) -> str:
    return YAML.format(name=name, generations=generations, episodes=episodes, timeout=timeout).strip()


# What does not fit: elements that reach beyond the window or beyond their panel, and labels beyond their picture.
TOO_WIDE = """
() => {
  const name = (it) => `${it.tagName} ${it.textContent.trim().slice(0, 40)}`;
  const right = (it) => it.getBoundingClientRect().right;
  const aside = ".announce, .scroll, .tree, .events, .skip";
  const drawn = (it) => !it.closest(aside) && it.getClientRects().length;
  const elements = [...document.querySelectorAll("body *")].filter(drawn);
  const beyond = elements.filter((it) => right(it) > innerWidth + 1);
  const cards = [...document.querySelectorAll(".problems button, .panel p, .editor > div > *")];
  const wide = cards.filter((it) => !it.closest(aside) && right(it) > right(it.parentElement) + 1);
  const labels = [...document.querySelectorAll("svg text")].filter((it) => {
    const [inner, outer] = [it.getBoundingClientRect(), it.closest("svg").getBoundingClientRect()];
    return inner.right > outer.right + 1 || inner.left < outer.left - 1;
  });
  return [...beyond, ...wide, ...labels].map(name);
}
"""


class Visitor:
    """Page of a browser that records errors and foreign requests."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self.base = base
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        page.set_default_timeout(_PATIENCE)
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._see)

    def log_in(self, link: str) -> None:
        """Follow the link that the command line prints."""
        self.page.goto(link)
        self.page.wait_for_url(f"{self.base}/")

    def open(self, path: str) -> Page:
        self.page.goto(self.base + path)
        return self.page

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _see(self, request: Request) -> None:
        if not request.url.startswith((self.base, "data:", "blob:")):
            self.strangers.append(request.url)


@pytest.fixture
def served(service: Any) -> Any:
    """Return a running server with a dashboard."""
    service.start()
    return service


@pytest.fixture
def visitor(chromium: Browser, served: Any) -> Iterator[Visitor]:
    """Yield a visitor, and check that no page has errors or requests to other servers."""
    context = chromium.new_context(viewport={"width": 1360, "height": 900})
    visitor = Visitor(context.new_page(), served.page)
    visitor.log_in(served.login)
    yield visitor
    context.close()
    assert visitor.complaints == []
    assert visitor.strangers == []


def start(visitor: Visitor, text: str) -> Page:
    """Start an experiment as a person does, and return its page."""
    page = visitor.open("/new")
    page.get_by_label("The configuration, as YAML").fill(text)
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/experiments/*")
    return page


def rows_of_curve(page: Page) -> int:
    """Return how many generations the fitness curve has."""
    table = page.locator("section[aria-labelledby=fitness] details table tbody tr")
    return table.count()


def grows(page: Page, least: int) -> None:
    """Wait until the fitness curve has a number of generations. The page's policy prevents Playwright's own wait."""
    end = time.monotonic() + 60.0
    while rows_of_curve(page) < least:
        assert time.monotonic() < end, "the curve does not grow"
        page.wait_for_timeout(100)


def test_page_starts_and_follows_an_experiment(visitor: Visitor) -> None:
    """Charts and events grow without a reload. At the end the page has the champion and its held-out results."""
    page = start(visitor, config("seen"))
    marked = page.evaluate("window.mark = 1")
    expect(page.get_by_role("heading", name="seen")).to_be_visible()
    grows(page, 2)
    grows(page, rows_of_curve(page) + 1)
    expect(page.locator(".head .state.completed")).to_be_visible(timeout=90_000)
    assert page.evaluate("window.mark") == marked, "the page was loaded again"
    expect(page.get_by_role("heading", name="Champion")).to_be_visible()
    expect(page.get_by_text("Results on held-out seeds, which are not used for selection")).to_be_visible()
    expect(page.locator(".events li", has_text="completed").first).to_be_visible()
    assert rows_of_curve(page) == 8
    page.get_by_role("link", name="Report").click()
    report = page.frame_locator("iframe.report")
    expect(report.get_by_role("heading", name="Summary")).to_be_visible(timeout=60_000)
    page.get_by_role("link", name="seen").click()
    page.locator("section[aria-labelledby=champion] a").first.click()
    expect(page.get_by_role("heading", name="Genome")).to_be_visible()
    expect(page.locator(".gene").first).to_be_visible()
    page.get_by_role("button", name="Watch held out episode 0").click()
    expect(page.get_by_role("progressbar", name="Film of held out episode 0")).to_be_visible()
    film = page.locator("video")
    expect(film).to_be_visible(timeout=120_000)
    expect(page.get_by_text("verified against the record")).to_be_visible()
    end = time.monotonic() + 20.0
    while film.evaluate("it => it.currentTime") < 0.5:
        assert time.monotonic() < end, "the film does not play"
        page.wait_for_timeout(100)
    assert film.evaluate("it => [it.videoWidth, it.videoHeight]") == [640, 480]


def test_agent_is_paused_and_resumed(visitor: Visitor, served: Any) -> None:
    """The commands are on the agent's page. The experiment's page and the log show both."""
    page = start(visitor, config("slow", generations=2, episodes=200, timeout=2100))
    agent = page.locator("section[aria-labelledby=population] tbody tr", has_text="pending").first
    agent.get_by_role("link").first.click()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".head .state.paused")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".head .state.paused")).to_have_count(0)
    page.get_by_role("link", name="slow").click()
    expect(page.locator(".events li", has_text="paused by a user")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".head .state", has_text="paused").first).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.locator(".head .state", has_text="cancelled").first).to_be_visible()
    lines = served.run("events", "slow", "--json", local=True).stdout.splitlines()
    kinds = [kind for line in lines for kind in json.loads(line)]
    assert [kind for kind in kinds if kind.startswith("agent") and kind != "agentEvaluated"] == [
        "agentPaused",
        "agentResumed",
    ]
    assert "experimentCancelled" in kinds


def test_live_view_shows_running_agents(visitor: Visitor) -> None:
    """The live view has changing screens, health, kills and pressed buttons, and can be stopped."""
    start(visitor, config("fights", generations=2, episodes=300, timeout=2100))
    page = visitor.open("/arena")
    screen = page.locator(".arena img").first
    expect(screen).to_be_visible()
    assert screen.evaluate("it => [it.naturalWidth, it.naturalHeight]") == [160, 120]
    seen: set[str | None] = set()
    end = time.monotonic() + 30.0
    while len(seen) < 5:
        assert time.monotonic() < end, "the picture does not change"
        seen.add(screen.get_attribute("src"))
        page.wait_for_timeout(60)
    expect(page.locator(".arena li").first).to_contain_text("health")
    page.get_by_role("button", name="Pause the view").click()
    page.wait_for_timeout(300)
    still = screen.get_attribute("src")
    page.wait_for_timeout(500)
    assert screen.get_attribute("src") == still


def test_invalid_configuration_marks_its_lines(visitor: Visitor) -> None:
    """Each problem links to its line, and no experiment starts."""
    page = visitor.open("/new")
    area = page.get_by_label("The configuration, as YAML")
    text = "name: bad\npopulation: -4\nevolution:\n  kind: genetik\n"
    dropped = page.evaluate_handle(
        "text => { const it = new DataTransfer(); it.items.add(new File([text], 'bad.yaml')); return it; }", text
    )
    area.dispatch_event("drop", {"dataTransfer": dropped})
    expect(area).to_have_value(text)
    expect(page.get_by_role("heading", name="2 problems")).to_be_visible()
    assert visitor.complaints == [], "problems are shown before anything is started"
    for width in (1360, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(TOO_WIDE) == [], width
    with page.expect_response("**/api/experiments"):
        page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("heading", name="2 problems")).to_be_visible()
    assert [line.inner_text() for line in page.locator(".lines .bad").all()] == ["2", "4"]
    expect(page.locator(".problems")).to_contain_text("did you mean")
    page.locator(".problems button", has_text="population").click()
    chosen = area.evaluate("it => it.value.slice(it.selectionStart, it.selectionEnd)")
    assert chosen == "population: -4"
    area.fill(config("good", generations=1))
    expect(page.locator(".problems")).to_have_count(0)
    assert visitor.complaints == [
        "Failed to load resource: the server responded with a status of 422 (Unprocessable Entity)"
    ]
    visitor.complaints.clear()


def test_page_reconnects_without_missing_events(visitor: Visitor, served: Any) -> None:
    """The server is killed and restarted during a run."""
    page = start(visitor, config("healed", generations=30, episodes=4))
    expect(page.locator(".state.live").first).to_be_visible()
    grows(page, 2)
    port = served.page.rpartition(":")[2]
    served.stop(signal.SIGKILL)
    expect(page.locator(".state.lost").first).to_be_visible()
    served.start(web_port=port)
    expect(page.locator(".state.live").first).to_be_visible(timeout=60_000)
    grows(page, rows_of_curve(page) + 1)
    numbers = page.evaluate("[...document.querySelectorAll('.events li')].map(it => Number(it.dataset.sequence))")
    assert numbers == list(range(numbers[0], numbers[0] - len(numbers), -1))
    assert all(re.search("ERR_|Failed to load|Failed to fetch", text) for text in visitor.complaints)
    visitor.complaints.clear()


@pytest.fixture(scope="module")
def two_finished(lasting_service: Any) -> Any:
    """Return a server with two experiments that are finished."""
    for name in ("short", "another"):
        (lasting_service.folder / "config.yaml").write_text(config(name, generations=3))
        assert lasting_service.run("run", "-c", "config.yaml", local=True).returncode == 0
    lasting_service.start()
    return lasting_service


@pytest.mark.parametrize(("theme", "width"), [("dark", 1360), ("light", 390)])
def test_pages_are_accessible(chromium: Browser, two_finished: Any, axe: str, theme: str, width: int) -> None:
    """axe-core runs on wide and narrow windows in both themes. No page is wider than its window."""
    service = two_finished
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)  # type: ignore[arg-type]
    visitor = Visitor(context.new_page(), service.page)
    champion = json.loads(service.run("analyze", "short", "--json").stdout)["held_out"][0]["agent"]
    for path in (
        "/login",
        "/",
        "/experiments/short",
        f"/agents/{champion}",
        "/new",
        "/arena",
        "/compare",
        "/compare?ids=short,another",
        "/report?ids=short",
    ):
        page = visitor.open(path)
        page.wait_for_selector("h1")
        page.wait_for_selector(".waiting", state="detached")
        page.evaluate(axe)
        found: dict[str, Any] = page.evaluate("axe.run()")
        faults = [
            (fault["id"], node["target"])
            for fault in found["violations"]
            if fault["impact"] in {"serious", "critical"}
            for node in fault["nodes"]
        ]
        assert faults == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
        assert page.evaluate(TOO_WIDE) == [], path
        if path == "/login":
            page.get_by_label("Token").fill((service.folder / "runs" / "token").read_text().strip())
            page.get_by_role("button", name="Log in").click()
            page.wait_for_url(f"{service.page}/")
    assert visitor.complaints == []
    context.close()


def test_run_with_web_serves_its_own_page(service: Any, chromium: Browser) -> None:
    """The page controls the run, starts no others and ends with the run."""
    (service.folder / "config.yaml").write_text(config("alone", generations=500, episodes=4))
    command = service.command("run", "-c", "config.yaml", "--web", "--web-port", "0")
    with (service.folder / "run.log").open("wb") as output:
        process = subprocess.Popen(command, cwd=service.folder, env=service.environment(), stdout=output, stderr=output)
    try:
        said = service.folder / "run.log"
        service.until(lambda: "/login?code=" in said.read_text())
        found = re.search(r"((http://127\.0\.0\.1:\d+)/login\?code=\S+)", said.read_text())
        assert found
        visitor = Visitor(chromium.new_page(), found[2])
        visitor.log_in(found[1])
        page = visitor.open("/experiments/alone")
        expect(page.get_by_role("heading", name="alone")).to_be_visible()
        grows(page, 2)
        expect(page.get_by_role("link", name="New experiment")).to_have_count(0)
        shown_by_a_server(service, chromium)
        page.get_by_role("button", name="Cancel").click()
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        assert process.wait(30) != 0
        expect(page.get_by_text("The run has ended: cancelled. This dashboard ended with it")).to_be_visible()
        expect(page.locator(".head .state")).to_have_text(["cancelled", "not running"])
        expect(page.get_by_text("The server does not answer")).to_have_count(0)
        page.close()
    finally:
        process.kill()
        process.wait()


def shown_by_a_server(service: Any, chromium: Browser) -> None:
    """Check a server that follows a run of another process. It names the process and offers no commands."""
    service.start()
    visitor = Visitor(chromium.new_page(), service.page)
    visitor.log_in(service.login)
    page = visitor.open("/experiments/alone")
    expect(page.locator(".head .state", has_text="run by another process")).to_be_visible()
    expect(page.locator(".head .state.running")).to_be_visible()
    expect(page.get_by_text("not running")).to_have_count(0)
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    grows(page, rows_of_curve(page) + 1)
    page.close()


def test_pages_can_be_used_by_keyboard(visitor: Visitor) -> None:
    """Tab reaches every link and control, and the focus is visible."""
    page = visitor.open("/")
    page.wait_for_selector("h1")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    for _ in range(5):  # our name, Experiments, Arena, Compare, and then this
        page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="New experiment").first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/new")
    expect(page.get_by_role("heading", name="New experiment")).to_be_visible()
    expect(page.locator("main")).to_be_focused()
