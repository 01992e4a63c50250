// A run that reads articles again: started here, watched as it goes on, stopped if need be.

import { Problem, readJson, readLines } from "./client.js";
import { counted, element, number, say } from "./elements.js";

const POLL_MS = 3000;
const PHASES = { reading: "Reading files", embedding: "Computing vectors", finishing: "Finishing" };
const OUTCOMES = ["new", "changed", "moved", "unchanged", "deleted", "skipped", "failed"];

/** `refresh` shows the figures anew and gives the overview. */
export function ingestView(overview, refresh) {
  const folder = element("input", { id: "folder", type: "text", autocomplete: "off", spellcheck: "false", required: true, list: "folders", value: overview.roots[0] ?? "", "aria-describedby": "folder-about" });
  const start = element("button", { class: "main", type: "submit" }, overview.roots.length ? "Ingest again" : "Ingest");
  const stop = element("button", { class: "quiet", type: "button", hidden: true }, "Stop");
  const state = element("div", { class: "run" });
  let running = null;

  async function run(event) {
    event.preventDefault();
    running = new AbortController();
    const shown = runView(state);
    start.disabled = true;
    stop.hidden = false;
    try {
      for await (const one of readLines("/v1/admin/ingest", { paths: [folder.value.trim()] }, running.signal)) {
        shown.take(one);
        stop.hidden = shown.ended;
      }
      if (!shown.ended) throw new Problem("The run broke off. What was done is kept; ingest again to go on.");
    } catch (error) {
      shown.end(running.signal.aborted ? "Stopped. What was done is kept." : error instanceof Problem ? error.message : "The connection was lost. What was done is kept.", running.signal.aborted ? "" : "problem");
    }
    start.disabled = false;
    stop.hidden = true;
    await refresh().catch(() => {});
  }

  async function wait() {
    start.disabled = true;
    const words = element("p", { class: "soft" });
    state.replaceChildren(words);
    for (let now = overview; now.ingesting; now = await readJson("/v1/admin/index").catch(() => ({ ingesting: state.isConnected }))) {
      words.textContent = underWay(now.progress);
      await new Promise((done) => setTimeout(done, POLL_MS));
      if (!state.isConnected) return;
    }
    start.disabled = false;
    state.replaceChildren();
    await refresh().catch(() => {});
  }

  stop.addEventListener("click", () => running?.abort());
  if (overview.ingesting) wait();
  const folders = element("datalist", { id: "folders" }, overview.roots.map((root) => element("option", { value: root })));
  return element(
    "form",
    { class: "card ingest", onsubmit: run, "aria-label": "Ingest" },
    element("p", { class: "field wide" }, element("label", { for: "folder" }, "Folder on the server"), folder, folders),
    element("p", { class: "actions" }, start, stop),
    element("p", { class: "hint", id: "folder-about" }, "Only what has changed is read. Articles whose file is gone are removed."),
    state,
  );
}

/** `progress` is null where it is not known how far it is. */
function underWay(progress) {
  return progress?.total ? `Another run is under way: ${number(progress.done)} of ${counted(progress.total, "file")}.` : "Another run is under way.";
}

function runView(state) {
  const bar = element("progress", { "aria-label": "Files read" });
  const words = element("p", { class: "phase" }, PHASES.reading);
  const problems = element("ul", { class: "left-out" });
  const shown = { ended: false, take, end };
  let phase = null;
  state.replaceChildren(bar, words, problems);

  function take(event) {
    if (event.error) throw new Problem(event.error.message);
    if (event.event === "progress") advance(event);
    if (event.event === "file" && (event.outcome === "failed" || event.outcome === "skipped")) problems.append(element("li", {}, element("span", { class: `tone ${event.outcome === "failed" ? "bad" : "fair"}` }, event.outcome), element("div", {}, element("p", { class: "path" }, event.path), element("p", {}, event.reason ?? ""))));
    if (event.event === "summary") end(figuresOf(event), event.outcomes.failed ? "" : "done");
  }

  function advance({ phase: now, done, total, chunks_per_s: rate, remaining_s: left }) {
    if (total) {
      bar.max = total;
      bar.value = done;
    }
    words.textContent = [PHASES[now], total && `${number(done)} of ${counted(total, "file")}`, rate && `${number(Math.round(rate))} passages a second`, left && `${duration(left)} left`].filter(Boolean).join(" · ");
    if (now !== phase) say(PHASES[now]);
    phase = now;
  }

  function end(text, tone) {
    shown.ended = true;
    bar.remove();
    words.className = tone || "phase";
    words.textContent = text;
    problems.remove(); // the list of what was left out has them now
    say(text);
  }
  return shown;
}

function figuresOf({ outcomes, chunks, embedded, seconds }) {
  const files = OUTCOMES.filter((one) => outcomes[one]).map((one) => `${number(outcomes[one])} ${one}`).join(", ") || "no articles found";
  return `Done in ${duration(seconds)}: ${files} · ${counted(chunks, "passage")}, of which ${number(embedded)} computed anew.`;
}

function duration(seconds) {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
