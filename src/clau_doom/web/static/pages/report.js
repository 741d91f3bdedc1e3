// Page that embeds the report of one or several experiments.

import { html, useEffect, useState } from "../vendor/preact-htm.js";
import { useTitle } from "../hooks.js";
import { Failure, Waiting } from "../ui.js";

export function Report({ query }) {
  const ids = query.get("ids") ?? "";
  useTitle("Report");
  const [state, setState] = useState({ path: null, error: null });
  const path = `/api/report?ids=${encodeURIComponent(ids)}`;
  useEffect(() => {
    const control = new AbortController();
    setState({ path: null, error: null });
    fetch(path, { signal: control.signal })
      .then(async (answer) => {
        if (answer.ok) setState({ path, error: null });
        else setState({ path: null, error: (await answer.json()).error });
      })
      .catch((error) => control.signal.aborted || setState({ path: null, error }));
    return () => control.abort();
  }, [path]);
  const names = ids.split(",");
  return html`
    <div class="head">
      <div>
        <p class="crumbs">
          <a href="/">Experiments</a> / ${names.length === 1 ? html`<a href=${`/experiments/${encodeURIComponent(names[0])}`}>${names[0]}</a>` : html`<a href=${`/compare?ids=${ids}`}>Compare</a>`}
        </p>
        <h1>Report</h1>
      </div>
      <div class="actions">
        <a class="button" href=${path} target="_blank" rel="noreferrer">Open in a new page</a>
        <a class="button" href=${path} download=${`${names.join("-and-")}.html`}>Save</a>
      </div>
    </div>
    ${state.error && html`<${Failure} error=${state.error} />`}
    ${!state.path && !state.error && html`<${Waiting} />`}
    ${state.path && html`<iframe class="report" title=${`Report of ${names.join(" and ")}`} src=${state.path} sandbox="allow-same-origin"></iframe>`}
  `;
}
