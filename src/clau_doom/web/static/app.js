// Layout of every page, and routing of addresses to pages.

import { html, render, useEffect, useRef, useState } from "./vendor/preact-htm.js";
import { CHANGES, STARTS, VERSION } from "./net.js";
import { AgentPage } from "./pages/agent.js";
import { Arena } from "./pages/arena.js";
import { Compare } from "./pages/compare.js";
import { Experiment } from "./pages/experiment.js";
import { Experiments } from "./pages/experiments.js";
import { NewExperiment } from "./pages/new.js";
import { Report } from "./pages/report.js";

const ROUTES = [
  [/^\/$/, Experiments],
  [/^\/new$/, NewExperiment],
  [/^\/arena$/, Arena],
  [/^\/compare$/, Compare],
  [/^\/report$/, Report],
  [/^\/experiments\/([^/]+)$/, Experiment],
  [/^\/agents\/([^/]+)$/, AgentPage],
];

const NAV = [
  ["/", "Experiments", /^\/($|experiments|agents)/],
  ["/arena", "Arena", /^\/arena/],
  ["/compare", "Compare", /^\/compare/],
  ...(STARTS ? [["/new", "New experiment", /^\/new/]] : []),
];

export const go = (path) => {
  history.pushState(null, "", path);
  dispatchEvent(new PopStateEvent("popstate"));
};

// Follows links between pages of the dashboard without reloading.
function follow(event) {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const href = typeof link.href === "string" ? link.href : link.href.baseVal;
  const url = new URL(href, location.href);
  if (url.origin !== location.origin || link.target || link.hasAttribute("download") || url.pathname.startsWith("/api/")) return;
  if (url.hash && url.pathname === location.pathname) return;
  event.preventDefault();
  if (url.href !== location.href) go(url.pathname + url.search);
}

function ThemeButton() {
  const read = () => document.documentElement.dataset.theme ?? "system";
  const [theme, setTheme] = useState(read);
  const next = { system: "light", light: "dark", dark: "system" }[theme];
  const turn = () => {
    if (next === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    try {
      if (next === "system") localStorage.removeItem("theme");
      else localStorage.setItem("theme", next);
    } catch {
      // Storage may be disabled: the choice lasts until the page is reloaded.
    }
    dispatchEvent(new Event("themechange"));
    setTheme(next);
  };
  const sign = { system: "◐", light: "☀", dark: "☾" }[theme];
  return html`<button class="button quiet" onClick=${turn} aria-label=${`theme: ${theme}; change to ${next}`} title=${`theme: ${theme}`}>${sign}</button>`;
}

function App() {
  const [address, setAddress] = useState(location.pathname + location.search);
  const main = useRef(null);
  const first = useRef(true);
  useEffect(() => {
    const look = () => setAddress(location.pathname + location.search);
    addEventListener("popstate", look);
    document.addEventListener("click", follow);
    return () => {
      removeEventListener("popstate", look);
      document.removeEventListener("click", follow);
    };
  }, []);
  const path = address.split("?")[0];
  useEffect(() => {
    // A new page starts at its top, also for screen readers.
    if (first.current) first.current = false;
    else {
      scrollTo(0, 0);
      main.current.focus();
    }
  }, [path]);
  const [Page, argument] = ROUTES.map(([pattern, page]) => [page, path.match(pattern)])
    .filter(([, match]) => match)
    .map(([page, match]) => [page, match[1] && decodeURIComponent(match[1])])[0] ?? [Experiments];
  return html`
    <a class="skip" href="#main">Skip to the content</a>
    <header class="bar">
      <a class="brand" href="/"><img src="/static/icon.svg" alt="" /><span>clau-doom</span></a>
      <nav aria-label="Pages">
        ${NAV.map(([href, label, here]) => html`<a key=${href} href=${href} aria-current=${here.test(path) ? "page" : undefined}>${label}</a>`)}
      </nav>
      ${!CHANGES && html`<span class="faint">read-only</span>`}
      <span class="spacer"></span>
      <${ThemeButton} />
    </header>
    <main id="main" tabindex="-1" ref=${main}><${Page} key=${path} argument=${argument} query=${new URLSearchParams(address.split("?")[1] ?? "")} go=${go} /></main>
    <footer>clau-doom ${VERSION}</footer>
  `;
}

render(html`<${App} />`, document.getElementById("app"));
