// Shared hooks of components: requested data, streamed events, throttling and the theme.

import { useCallback, useEffect, useRef, useState } from "./vendor/preact-htm.js";
import { Events, get } from "./net.js";

// Returns the response for a path: {data, error, loading, again}. The last response stays during the next request, and
// while the server is unreachable.
export function useAnswer(path, { every = 0 } = {}) {
  const [answer, setAnswer] = useState({ path, data: null, error: null });
  const asking = useRef(null);
  const again = useCallback(
    async (fresh = false) => {
      asking.current?.abort();
      const control = (asking.current = new AbortController());
      try {
        const query = fresh ? (path.includes("?") ? "&fresh" : "?fresh") : "";
        const data = await get(path + query, control.signal);
        if (asking.current === control) setAnswer({ path, data, error: null });
      } catch (error) {
        if (asking.current === control) setAnswer((last) => ({ path, data: last.path === path ? last.data : null, error }));
      }
    },
    [path],
  );
  useEffect(() => {
    again();
    const look = () => document.visibilityState === "visible" && again();
    const timer = every ? setInterval(look, every) : null;
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
      asking.current?.abort();
      asking.current = null;
    };
  }, [again, every]);
  const mine = answer.path === path;
  return { data: mine ? answer.data : null, error: mine ? answer.error : null, again };
}

// Calls `happened` for each event after `after`, and returns the state of the connection. With `after` null, it waits.
// `follows`: restart an ended stream, because another process adds to the log.
export function useEvents(experiment, after, follows, happened) {
  const [state, setState] = useState("connecting");
  const latest = useRef(happened);
  latest.current = happened;
  const begin = after === null ? null : experiment;
  const stream = useRef(null);
  useEffect(() => {
    if (begin === null) return undefined;
    const events = new Events(begin, after, { happened: (event) => latest.current(event), state: setState });
    stream.current = events;
    return () => events.close();
    // `after` is the start position and is read only once.
  }, [begin]);
  useEffect(() => {
    if (!follows || state !== "over") return undefined;
    const timer = setTimeout(() => stream.current?.open(), 2000);
    return () => clearTimeout(timer);
  }, [follows, state]);
  return state;
}

// Runs `work` at once, and then at most once every `pause` milliseconds. The last call is always run.
export function useThrottled(work, pause) {
  const latest = useRef(work);
  latest.current = work;
  const timer = useRef(null);
  const again = useRef(false);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    if (timer.current) {
      again.current = true;
      return;
    }
    const wait = () => {
      timer.current = setTimeout(() => {
        timer.current = null;
        if (again.current) {
          again.current = false;
          latest.current();
          wait();
        }
      }, pause);
    };
    latest.current();
    wait();
  }, [pause]);
}

export function useTitle(title) {
  useEffect(() => {
    document.title = title ? `${title} · clau-doom` : "clau-doom";
  }, [title]);
}

// Returns whether the theme is dark, for canvas charts. It follows the system's theme and the user's choice.
export function useTheme() {
  const dark = () =>
    (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark")) ===
    "dark";
  const [isDark, setDark] = useState(dark);
  useEffect(() => {
    const look = () => setDark(dark());
    const media = matchMedia("(prefers-color-scheme: light)");
    media.addEventListener("change", look);
    addEventListener("themechange", look);
    return () => {
      media.removeEventListener("change", look);
      removeEventListener("themechange", look);
    };
  }, []);
  return isDark;
}
