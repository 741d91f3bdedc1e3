"""Tests of the dashboard's server on real sockets: pages, access control and event streams."""

import io
import json
import re
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from clau_doom.access import AuditedOrchestrator, AuditLog, Authenticator, Role, TokenFiles
from clau_doom.app.dashboard_artifacts import FolderArtifactStore
from clau_doom.config import ExperimentConfig, WebConfig
from clau_doom.domain.event_declaration import summary_of
from clau_doom.domain.events import EpisodeFinished, Event
from clau_doom.errors import AddressTaken, ConfigError, StoreCorrupted
from clau_doom.orchestration import Orchestrator, ShieldedTasks
from clau_doom.ports import StoredExperiment
from clau_doom.testing.scripted_repository import ScriptedRepository
from clau_doom.web import WebServer

YAML = "name: shown\ngenerations: 3\npopulation: 4\nepisodes: 2\nholdout: {validation: 2, episodes: 3}\n"


@dataclass
class Browser:
    """Client with the rights of a page of the dashboard, including the token against forged requests."""

    server: WebServer
    orchestrator: Orchestrator
    repository: ScriptedRepository
    tokens: TokenFiles
    http: aiohttp.ClientSession

    async def log_in(self) -> None:
        """Follow a login link, as the browser that the command line opens does."""
        async with self.http.get(self.server.login_link()) as answer:
            assert answer.status == 200

    async def get(self, path: str, **headers: str) -> tuple[int, Any]:
        async with self.http.get(self.server.url + path, headers=headers, allow_redirects=False) as answer:
            return answer.status, await answer.json()

    async def csrf(self) -> str:
        async with self.http.get(self.server.url + "/") as answer:
            found = re.search(r'name="csrf" content="([^"]+)"', await answer.text())
        assert found
        return found[1]

    async def post(self, path: str, body: str = "", **headers: str) -> tuple[int, Any]:
        shown = {"origin": self.server.url, "x-csrf-token": await self.csrf(), **headers}
        async with self.http.post(self.server.url + path, data=io.BytesIO(body.encode()), headers=shown) as answer:
            return answer.status, await answer.json()

    async def finished(self, name: str = "shown", yaml: str = YAML) -> None:
        """Start an experiment as a page does, and wait for its end."""
        status, body = await self.post("/api/experiments", yaml)
        assert (status, body) == (201, {"id": name, "created": True})
        await self.orchestrator.idle()

    async def events(self, experiment: str, after: int = 0, **headers: str) -> list[tuple[int | None, str, Any]]:
        """Read a stream to its end: sequence, event, data."""
        path = f"{self.server.url}/api/experiments/{experiment}/events?after={after}"
        async with self.http.get(path, headers=headers) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            text = (await answer.read()).decode().replace("\r\n", "\n")
        found = []
        for block in filter(None, text.split("\n\n")):
            fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
            if fields:
                number = int(fields["id"]) if "id" in fields else None
                found.append((number, fields["event"], json.loads(fields["data"])))
        return found


Serving = Callable[..., AbstractAsyncContextManager[Browser]]


@pytest.fixture
def serving(tmp_path: Path) -> Serving:
    @asynccontextmanager
    async def serve(
        repository: ScriptedRepository | None = None,
        config: WebConfig | None = None,
        *,
        login: bool = True,
        **client: Any,
    ) -> AsyncIterator[Browser]:
        repository = repository or ScriptedRepository()
        orchestrator = Orchestrator(repository)
        authenticator = Authenticator(TokenFiles(tmp_path / "token"), shortest_delay=0.01)
        audit = AuditLog(tmp_path / "audit.log")
        async with AsyncExitStack() as stack:
            stack.callback(audit.close)
            shielded = await stack.enter_async_context(ShieldedTasks(grace=5.0))
            server = WebServer(
                config or WebConfig(port=0),
                AuditedOrchestrator(orchestrator, audit),
                artifacts=await stack.enter_async_context(FolderArtifactStore(tmp_path)),
                authenticator=authenticator,
                shielded=shielded,
                starts=True,
            )
            await stack.enter_async_context(server)
            await stack.enter_async_context(orchestrator)
            client = {"cookie_jar": aiohttp.CookieJar(unsafe=True), **client}
            http = await stack.enter_async_context(aiohttp.ClientSession(**client))
            browser = Browser(server, orchestrator, repository, authenticator.tokens, http)
            if login:
                await browser.log_in()
            yield browser

    return serve


async def test_started_experiment_is_served_as_stored(serving: Serving) -> None:
    """The list, the experiment, its population, its genes and an agent equal the store's values."""
    async with serving() as browser:
        assert await browser.get("/api/experiments") == (200, {"experiments": [], "unreadable": [], "draining": False})
        await browser.finished()
        snapshot = (await browser.orchestrator.experiment("shown")).snapshot

        (row,) = (await browser.get("/api/experiments?fresh"))[1]["experiments"]
        assert (row["id"], row["state"], row["generations_finished"]) == ("shown", "completed", 3)
        assert row["best_by_generation"] == [summary.best_fitness for summary in snapshot.summaries]

        _, whole = await browser.get("/api/experiments/shown?fresh")
        assert [each["mean"] for each in whole["generations"]] == pytest.approx(
            [summary.mean_fitness for summary in snapshot.summaries]
        )
        known = [each for each in whole["generations"] if each["low"] is not None]  # a limit withholds intervals
        assert all(each["low"] < each["mean"] < each["high"] for each in known)
        assert whole["held_out"][0]["role"] == "champion"
        assert {row["n"] for row in whole["held_out"]} == {3}

        _, population = await browser.get("/api/experiments/shown/population?generation=1")
        first = snapshot.generations[1][0]
        assert (population["finished"], len(population["agents"])) == (True, 4)
        assert [gene["name"] for gene in population["genes"]] == ["x", "y", "mood"]
        assert population["agents"][0]["genes"] == list(first.agent.genome.values)
        assert population["agents"][0]["fitness"] == first.fitness

        _, genes = await browser.get("/api/experiments/shown/genes")
        assert [gene["name"] for gene in genes["genes"]] == ["x", "y"], "a choice has no mean"
        assert all(0.0 <= value <= 1.0 for gene in genes["genes"] for value in gene["mean"])

        _, agent = await browser.get(f"/api/agents/{whole['champion']['agent']}")
        assert agent["champion"]
        assert agent["genes"][2]["shown"] in {"bold", "shy"}
        assert {episode["purpose"] for episode in agent["episodes"]} == {"training", "validation", "held_out"}


async def test_browser_reconnects_to_a_failed_stream(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The stream ends without the mark of a finished run, so the browser reconnects. The failure is logged once."""
    failures = [KeyError("dropped")]

    def summary(event: Event) -> str:
        if isinstance(event, EpisodeFinished) and failures:
            raise failures.pop()
        return summary_of(event)

    async with serving() as browser:
        await browser.finished()
        monkeypatch.setattr("clau_doom.web.api.summary_of", summary)
        first = await browser.events("shown")
        assert [number for number, _, _ in first] == [1, 2, 3]
        rest = await browser.events("shown", after=0, **{"last-event-id": "3"})
        assert (rest[0][0], rest[-1][1]) == (4, "over")
    assert [record.levelname for record in caplog.records].count("ERROR") == 1


async def test_events_are_streamed_from_a_cursor(serving: Serving) -> None:
    """A stream begins at the start, at a cursor or after the browser's last event."""
    async with serving() as browser:
        await browser.finished()
        last = (await browser.orchestrator.experiment("shown")).snapshot.last_sequence
        everything = await browser.events("shown")
        assert [number for number, _, _ in everything] == [*range(1, last + 1), None]
        assert everything[-1][1] == "over"
        assert everything[-2][2]["kind"] == "experiment_completed"
        assert await browser.events("shown", after=last - 2) == everything[-3:]
        assert await browser.events("shown", after=0, **{"last-event-id": str(last - 1)}) == everything[-2:]


async def test_running_experiment_is_controlled(serving: Serving) -> None:
    """A command that is illegal in the current state is refused."""
    repository = ScriptedRepository()
    repository.may_end.clear()
    async with serving(repository) as browser:
        assert (await browser.post("/api/experiments", YAML))[0] == 201
        agent = "shown-g000-a001"
        assert await browser.post(f"/api/agents/{agent}/pause") == (
            200,
            {"id": agent, "status": "pending", "paused": True},
        )
        assert (await browser.post(f"/api/agents/{agent}/resume"))[1]["paused"] is False
        assert (await browser.post(f"/api/agents/{agent}/stop"))[1]["status"] == "failed"
        assert await browser.post("/api/experiments/shown/pause") == (200, {"id": "shown", "state": "paused"})
        assert (await browser.post("/api/experiments/shown/resume"))[1]["state"] == "running"
        assert (await browser.post("/api/experiments/shown/cancel"))[1]["state"] == "cancelled"
        status, body = await browser.post("/api/experiments/shown/cancel")
        assert (status, body["error"]["kind"]) == (409, "experiment_done")
        assert body["error"]["message"] == "experiment shown is cancelled already"


class Damaged(ScriptedRepository):
    """A repository with a folder that cannot be read."""

    def experiments(self) -> Sequence[str]:
        return [*super().experiments(), "torn"]

    async def experiment(self, experiment: str) -> StoredExperiment:
        if experiment == "torn":
            raise StoreCorrupted("experiment torn is damaged: \x1b[2J")
        return await super().experiment(experiment)


async def test_unreadable_experiments_are_listed_with_the_reason(
    serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has the reason once."""
    async with serving(Damaged()) as browser:
        await browser.finished()
        for _ in range(3):
            _, body = await browser.get("/api/experiments?fresh")
        assert [row["id"] for row in body["experiments"]] == ["shown"]
        assert body["unreadable"] == [{"id": "torn", "reason": "experiment torn is damaged: \\x1b[2J"}]
    assert caplog.text.count("experiment cannot be read") == 1


async def test_invalid_configuration_has_problems_with_lines(serving: Serving) -> None:
    """No experiment is stored."""
    async with serving() as browser:
        status, body = await browser.post("/api/experiments", "name: x\npopulation: -3\nevolution:\n  kind: genetik\n")
        assert (status, body["error"]["kind"]) == (422, "config_error")
        found = {problem["path"]: (problem["line"], problem["text"]) for problem in body["error"]["problems"]}
        assert found["population"] == (2, "-3 is too small: use 1 or more")
        assert found["evolution.kind"][0] == 4
        status, body = await browser.post("/api/experiments", "name: [")
        assert status == 422
        assert "line" in body["error"]["message"] or ":1:" in body["error"]["message"]
        assert (await browser.get("/api/experiments?fresh"))[1]["experiments"] == []


async def test_check_reports_the_problems_of_a_start(serving: Serving) -> None:
    """No experiment is stored."""
    async with serving() as browser:
        assert await browser.post("/api/check", YAML) == (200, {"error": None})
        _, body = await browser.post("/api/check", "name: x\npopulation: -3\n")
        assert body["error"]["problems"] == [
            {"path": "population", "text": "-3 is too small: use 1 or more", "line": 2}
        ]
        assert (await browser.get("/api/experiments?fresh"))[1]["experiments"] == []
        await browser.finished()
        _, body = await browser.post("/api/check", YAML)
        assert body["error"]["kind"] == "experiment_exists"


async def test_check_applies_the_limits_of_the_server(serving: Serving) -> None:
    def refuse(_config: ExperimentConfig) -> Exception:
        return ConfigError("needs 3,193,859 genes, but limits.genes is 1,000,000")

    async with serving(ScriptedRepository(refuse=refuse)) as browser:
        checked, started = await browser.post("/api/check", YAML), await browser.post("/api/experiments", YAML)
        assert started[0] == 422
        assert checked == (200, started[1])


async def test_unknown_resources_have_an_error_status(serving: Serving) -> None:
    """Experiments, agents, generations, paths and invalid numbers are covered."""
    async with serving() as browser:
        for path, status in {
            "/api/experiments/nobody": 404,
            "/api/experiments/nobody/events": 404,
            "/api/agents/nobody-g000-a000": 404,
            "/api/agents/no-agent": 404,
            "/api/nothing": 404,
        }.items():
            found, body = await browser.get(path)
            assert (found, bool(body["error"]["message"])) == (status, True), path
        await browser.finished()
        assert (await browser.get("/api/agents/shown-g009-a000"))[0] == 404
        assert (await browser.get("/api/experiments/shown/population?generation=x"))[0] == 400
        assert (await browser.get("/api/experiments/shown/events?after=-1"))[0] == 400
        for content in ("", "[]", "[" * 40_000, "1" * 5_000):
            status, body = await browser.post("/api/agents/shown-g000-a000/films", content)
            assert (status, body["error"]["kind"]) == (400, "invalid_message")


async def test_unexpected_error_has_only_an_id(serving: Serving, caplog: pytest.LogCaptureFixture) -> None:
    """The answer has only an id. The log has the error with this id."""

    def refuse(config: ExperimentConfig) -> Exception:
        return RuntimeError(f"a secret about {config.name}")

    async with serving(ScriptedRepository(refuse=refuse)) as browser:
        status, body = await browser.post("/api/experiments", YAML)
        assert status == 500
        assert "secret" not in json.dumps(body)
        error_id = re.search(r"internal error (\w{12}):", body["error"]["message"])[1]  # type: ignore[index]
        assert error_id in caplog.text
        assert "a secret about shown" in caplog.text


async def test_pages_have_security_headers(serving: Serving) -> None:
    """Pages are not cached. Modules are revalidated."""
    async with serving() as browser:
        for path in ("/", "/experiments/x", "/agents/x-g000-a000", "/compare", "/new", "/login"):
            async with browser.http.get(browser.server.url + path) as answer:
                assert answer.status == 200
                policy = answer.headers["content-security-policy"]
                assert "default-src 'none'" in policy
                assert "unsafe" not in policy
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert answer.headers["cache-control"] == "no-store"
        async with browser.http.get(browser.server.url + "/static/app.js") as answer:
            assert answer.headers["cache-control"] == "no-cache"
        async with browser.http.get(browser.server.url + "/nowhere", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", ""])
async def test_another_name_for_this_server_is_refused(serving: Serving, host: str) -> None:
    """A page with another host name for this server (DNS rebinding) receives no data."""
    async with serving() as browser:
        status, body = await browser.get("/api/experiments", host=host.format(port=browser.server.port))
        assert (status, "experiments" in body) == (421, False)


async def test_changes_need_our_origin_and_our_token(serving: Serving) -> None:
    """A form or script of another site, or a page of an earlier server, cannot change an experiment."""
    async with serving() as browser:
        for headers in (
            {"origin": "https://evil.example"},
            {"origin": "null"},
            {"x-csrf-token": "guessed"},
            {"x-csrf-token": ""},
        ):
            status, body = await browser.post("/api/experiments", YAML, **headers)
            assert status == 403, headers
            assert body["error"]["kind"] == "forbidden"
        async with browser.http.post(browser.server.url + "/api/experiments", data=YAML.encode()) as answer:
            assert answer.status == 403
        assert (await browser.get("/api/experiments?fresh"))[1]["experiments"] == []


async def test_configuration_above_one_megabyte_is_refused(serving: Serving) -> None:
    async with serving() as browser:
        status, body = await browser.post("/api/experiments", "#" * (1 << 20) + "\n")
        assert (status, body["error"]["kind"]) == (400, "invalid_message")


async def test_taken_port_is_an_error_with_the_remedy(serving: Serving) -> None:
    async with serving() as browser:
        port = browser.server.port
        with pytest.raises(AddressTaken, match=rf"web: 127\.0\.0\.1:{port} is in use: .*web\.port"):
            async with serving(config=WebConfig(port=port)):
                pass


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        (WebConfig(host="0.0.0.0"), "without TLS would reveal the token"),
        (WebConfig(certificate="/c.pem"), "web.key is missing"),
        (WebConfig(host="0.0.0.0", certificate="/no.pem", key="/no.pem"), "not a certificate and its key"),
    ],
)
async def test_other_addresses_need_a_certificate(serving: Serving, config: WebConfig, complaint: str) -> None:
    """Without a certificate, the server does not listen and raises an error."""
    with pytest.raises(ConfigError, match=complaint):
        async with serving(config=config):
            pass


@pytest.fixture
def certified(tmp_path: Path, tool: Callable[[str, str], str]) -> WebConfig:
    """Return where to listen with a certificate, beyond loopback."""
    certificate, key = str(tmp_path / "c.pem"), str(tmp_path / "k.pem")
    command = [tool("openssl", "openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-keyout", key, "-out", certificate, "-subj", "/CN=here", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)
    return WebConfig(host="0.0.0.0", port=0, certificate=certificate, key=key)


async def test_beyond_loopback_the_cookie_needs_tls(serving: Serving, certified: WebConfig) -> None:
    """The cookie is never sent in plain text. This holds for a login by a token or by a link."""
    assert certified.certificate is not None
    trusted = ssl.create_default_context(cafile=certified.certificate)
    connector = aiohttp.TCPConnector(ssl=trusted)
    async with serving(config=certified, connector=connector, login=False) as browser:
        url = f"https://127.0.0.1:{browser.server.port}"
        assert browser.server.login_link().startswith(f"https://0.0.0.0:{browser.server.port}/login?code=")
        form, origin = {"token": browser.tokens.make().secret}, {"origin": url}
        async with browser.http.post(url + "/login", data=form, headers=origin, allow_redirects=False) as answer:
            assert answer.status == 303
        assert "HttpOnly; Max-Age=604800; Path=/; SameSite=strict; Secure" in answer.headers["set-cookie"]
        async with browser.http.get(url + "/api/experiments") as answer:
            assert await answer.json() == {"experiments": [], "unreadable": [], "draining": False}


async def test_client_without_login_sees_only_the_login_page(serving: Serving) -> None:
    """The page contains no value that could forge a change."""
    async with serving(login=False) as browser:
        url = browser.server.url
        for path in ("/", "/new", "/experiments/x", "/nowhere"):
            async with browser.http.get(url + path, allow_redirects=False) as answer:
                assert (answer.status, answer.headers["location"]) == (303, "/login")
                assert "csrf" not in await answer.text()
        for path in ("/api/experiments", "/api/arena", "/api/experiments/x/events", "/api/films/0123"):
            assert (await browser.get(path))[0] == 401
        for path in ("/api/experiments", "/api/experiments/x/cancel"):
            for headers in ({}, {"origin": url}, {"origin": url, "x-csrf-token": ""}):
                async with browser.http.post(url + path, data=YAML.encode(), headers=headers) as answer:
                    assert answer.status in {401, 403}
        assert await browser.orchestrator.experiments() == ()


async def test_login_link_works_once(serving: Serving) -> None:
    """The cookie is limited to this site, and scripts cannot read it."""
    async with serving(login=False) as browser:
        link = browser.server.login_link()
        async with browser.http.head(link) as answer:
            assert (answer.status, "set-cookie" in answer.headers) == (200, False)
        async with browser.http.get(link) as answer:
            cookie = answer.headers["set-cookie"]
            assert f"clau_doom_session_{browser.server.port}=" in cookie
            assert "HttpOnly; Max-Age=604800; Path=/; SameSite=strict" in cookie
            assert 'content="0;url=/"' in await answer.text()
        assert (await browser.get("/api/experiments"))[0] == 200
        for used in (link, link[:-1], f"{browser.server.url}/login?code="):
            async with browser.http.get(used) as answer:
                assert (answer.status, "set-cookie" in answer.headers) == (401, False)
        assert browser.server.login_link() != link


async def test_login_form_accepts_only_a_valid_token(serving: Serving) -> None:
    """An invalid token is answered with the form. Requests of other sites are refused."""
    async with serving(login=False) as browser:
        url, right = browser.server.url, browser.tokens.make().secret
        for shown, headers, status in (
            ("wrong", {"origin": url}, 401),
            ("", {"origin": url}, 401),
            (right, {}, 403),
            (right, {"origin": "https://evil.example"}, 403),
            ("x" * 9000, {"origin": url}, 413),
            (right, {"origin": url}, 303),
        ):
            form = {"token": shown}
            async with browser.http.post(url + "/login", data=form, headers=headers, allow_redirects=False) as answer:
                assert (answer.status, "set-cookie" in answer.headers) == (status, status == 303)
                assert right not in await answer.text()
        assert (await browser.get("/api/experiments"))[0] == 200
        async with browser.http.post(url + "/api/experiments", data=b"", headers={"origin": url}) as answer:
            assert answer.status == 403, "a session alone changes nothing"


async def test_session_ends_when_its_token_is_rotated(serving: Serving) -> None:
    """Sessions of other tokens stay."""
    async with serving(login=False) as browser:
        reader = browser.tokens.create("reader", Role.READ_ONLY)
        form, origin = {"token": reader.secret}, {"origin": browser.server.url}
        async with browser.http.post(browser.server.url + "/login", data=form, headers=origin) as answer:
            assert answer.status == 200
        assert (await browser.get("/api/experiments"))[0] == 200
        async with browser.http.get(browser.server.url + "/") as answer:
            assert 'name="changes" content="no"' in await answer.text()
        browser.tokens.rotate("owner")
        browser.tokens.all()
        assert (await browser.get("/api/experiments"))[0] == 200
        browser.tokens.rotate("reader")
        browser.tokens.all()
        assert (await browser.get("/api/experiments"))[0] == 401


async def test_programs_need_a_token_and_changes_are_recorded(serving: Serving, tmp_path: Path) -> None:
    """Roles and notes work as in the gRPC API. A read-only token can only read."""
    async with serving(login=False) as browser:
        url = browser.server.url
        owner, reader = browser.tokens.make(), browser.tokens.create("reader", Role.READ_ONLY)
        shown = {token.name: {"authorization": f"Bearer {token.secret}"} for token in (owner, reader)}
        assert (await browser.get("/api/experiments", **shown["reader"]))[0] == 200
        assert (await browser.get("/api/experiments", authorization="Bearer wrong"))[0] == 401
        assert (await browser.get("/api/experiments", authorization=f"Basic {owner.secret}"))[0] == 401
        note = {"x-note": "f%C3%BCr Ada"}
        for headers, status in (
            (shown["reader"], 403),
            ({**shown["owner"], "origin": "https://evil.example"}, 403),
            ({**shown["owner"], **note}, 201),
        ):
            async with browser.http.post(url + "/api/experiments", data=YAML.encode(), headers=headers) as answer:
                assert answer.status == status
        lines = [json.loads(line) for line in (tmp_path / "audit.log").read_text().splitlines()]
        changes = [(line["who"], line["transport"], line["note"], line["action"], line["result"]) for line in lines]
        assert changes == [
            ("reader", "web", "", "start", "not_allowed"),
            ("owner", "web", "für Ada", "start", "done"),
        ]
        assert all(line["peer"].startswith("127.0.0.1:") for line in lines)


async def test_live_view_streams_frames_of_running_agents(serving: Serving) -> None:
    """Each frame is new, and the end of an episode is sent."""
    repository = ScriptedRepository()
    repository.may_end.clear()
    async with serving(repository) as browser:
        await browser.post("/api/experiments", YAML)
        seen: list[Any] = []
        async with browser.http.get(browser.server.url + "/api/arena") as answer:
            async for line in answer.content:
                if line.startswith(b"data: "):
                    update = json.loads(line[6:])
                    seen += update["frames"]
                    if len({frame["image"] for frame in seen}) >= 3:
                        repository.may_end.set()
                    if update["gone"]:
                        break
        assert {frame["agent"] for frame in seen} >= {"shown-g000-a000"}
        assert seen[0]["image"].startswith("data:image/jpeg;base64,")
        assert (seen[0]["held"], seen[0]["health"]) == (["ATTACK"], 100.0)


async def test_behaviour_map_is_the_archive_of_the_strategy(serving: Serving) -> None:
    """Strategies without an archive have no map."""
    axes = "[{measure: kills, low: 0.0, high: 1.0, cells: 4}, {measure: health, low: 0.0, high: 1.0, cells: 3}]"
    yaml = f"{YAML}evolution: {{kind: map-elites, descriptors: {axes}}}\n"
    async with serving() as browser:
        await browser.finished(yaml=yaml)
        _, body = await browser.get("/api/experiments/shown/map")
        assert [(axis["measure"], axis["cells"]) for axis in body["axes"]] == [("kills", 4), ("health", 3)]
        assert body["coverage"] == len(body["cells"]) / 12
        generations = (await browser.orchestrator.experiment("shown")).snapshot.generations
        fitness = {row.agent.id: row.fitness for rows in generations for row in rows}
        assert all(fitness[cell["agent"]] == cell["fitness"] for cell in body["cells"])
        await browser.finished("plain", YAML.replace("shown", "plain"))
        assert (await browser.get("/api/experiments/plain/map"))[1]["axes"] == []


async def test_impossible_film_is_an_error_with_the_reason(serving: Serving) -> None:
    """The episode or the agent is unknown, or the episode cannot be replayed."""
    async with serving() as browser:
        await browser.finished()
        agent = "/api/agents/shown-g000-a000/films"
        for body, status in (("{", 400), ("[]", 400), ('{"purpose": "fun", "number": 0}', 400)):
            assert (await browser.post(agent, body))[0] == status
        assert (await browser.post(agent, '{"purpose": "training", "number": -1}'))[0] == 400
        unknown = await browser.post("/api/agents/nobody-g000-a000/films", '{"purpose": "training", "number": 0}')
        assert unknown[0] == 404
        status, body = await browser.post(agent, '{"purpose": "training", "number": 0}')
        assert (status, body["error"]["kind"]) == (409, "wrong_state")
        assert "shown" in body["error"]["message"]
        assert (await browser.get("/api/films/0123"))[0] == 404
        assert await browser.get(f"{agent}?purpose=training&number=0") == (200, None), "none is being made"
        assert (await browser.get(f"{agent}?purpose=fun&number=0"))[0] == 400


async def test_report_has_no_scripts_and_no_external_resources(serving: Serving) -> None:
    """Too many, no and unknown experiments are refused."""
    async with serving() as browser:
        await browser.finished()
        async with browser.http.get(browser.server.url + "/api/report?ids=shown") as answer:
            text = await answer.text()
            assert answer.status == 200
            assert "script-src" not in answer.headers["content-security-policy"]
            assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "<script" not in text
        assert "held-out" in text
        assert (await browser.get("/api/report?ids="))[0] == 400
        assert (await browser.get("/api/report?ids=a,b,c,d,e,f,g"))[0] == 400
        assert (await browser.get("/api/report?ids=nobody"))[0] == 404


async def test_configuration_with_too_many_entries_is_refused(serving: Serving) -> None:
    """The answer is short, and the server answers the next request."""
    async with serving() as browser:
        status, body = await browser.post("/api/experiments", "fitness: [" + "a," * 50_000 + "]")
        assert (status, (await browser.get("/api/experiments"))[0]) == (422, 200)
    assert "more than 10,000 keys and list items: leave some out" in body["error"]["message"]
