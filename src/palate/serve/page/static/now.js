// What happens now: the figures of GET /v1/live, as they come.
import { html, useEffect, useRef } from "./vendor/preact.js";
import { Figure, Section, fixed, share, whole, plural } from "./parts.js";
import { Drift } from "./drift.js";

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString("en-GB");
const FONT = "12px system-ui, sans-serif";

function options(width, series, unit) {
  const axis = { stroke: color("--soft"), font: FONT, grid: { stroke: color("--faint"), width: 1 }, ticks: { show: false } };
  return {
    width, height: 150, padding: [8, 28, 0, 0], legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
    scales: { y: { range: (_, low, high) => [0, Math.max(high * 1.1, 1)] } },
    axes: [
      { ...axis, size: 26, grid: { show: false }, space: 90, values: (_, marks) => marks.map(clock) },
      { ...axis, size: 56, space: 32, values: (_, marks) => marks.map((mark) => `${mark}${unit}`) },
    ],
    series: [{}, ...series.map((one) => ({
      stroke: color(one.color), width: 1.75, spanGaps: true, points: { show: false },
      ...(one.filled ? { fill: `${color(one.color)}22` } : {}), ...(one.dash ? { dash: [4, 4] } : {}),
    }))],
  };
}

// One time chart; what it shows stands in words beside it, since a canvas says nothing to a reader.
const Chart = ({ title, seconds, series, unit = "" }) => {
  const place = useRef(null);
  const plot = useRef(null);
  const data = [seconds.map((one) => one.time), ...series.map((one) => seconds.map(one.value))];
  useEffect(() => {
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(options(place.current.clientWidth, series, unit), data, place.current);
    };
    const watch = new ResizeObserver(() => plot.current?.setSize({ width: place.current.clientWidth, height: 150 }));
    draw();
    watch.observe(place.current);
    addEventListener("palate-theme", draw);
    return () => { watch.disconnect(); removeEventListener("palate-theme", draw); plot.current?.destroy(); };
  }, []);
  useEffect(() => { plot.current?.setData(data); }, [seconds]);
  return html`<figure class="chart">
    <figcaption>${title} <span class="key">${series.map((one) => html`<span key=${one.name}><i class=${`k line ${one.tone}`} />${one.name}
      <b>${one.say(seconds.map(one.value).findLast((value) => value != null))}</b></span>`)}</span></figcaption>
    <div class="canvas" ref=${place} role="img" aria-label=${`${title}, the last five minutes`} /></figure>`;
};

const TRAFFIC = [
  { name: "requests", color: "--accent", tone: "gain", filled: true, value: (one) => one.requests, say: whole },
  { name: "events", color: "--l1", tone: "amber", value: (one) => one.events, say: whole },
];
const TIMES = [
  { name: "median", color: "--accent", tone: "gain", value: (one) => one.p50, say: (v) => (v == null ? "–" : `${fixed(v)} ms`) },
  { name: "99th percentile", color: "--l2", tone: "plum", dash: true, value: (one) => one.p99, say: (v) => (v == null ? "–" : `${fixed(v)} ms`) },
];

function sentence(figures) {
  const rate = figures.requests_per_second;
  if (!rate) return "No requests in the last minute.";
  const often = rate >= 1 ? `${fixed(rate, rate < 10 ? 1 : 0)} requests a second` : plural(Math.round(rate * 60), "request") + " in the last minute";
  return figures.lists ? `${often}, and half of the lists are there within ${fixed(figures.p50)} ms.` : `${often}, none of them for a list.`;
}

const age = (seconds) => (seconds < 120 ? `${whole(seconds)} s` : seconds < 7200 ? `${whole(seconds / 60)} min` : seconds < 172800 ? `${whole(seconds / 3600)} h` : `${whole(seconds / 86400)} days`);

export const Now = ({ figures, seconds }) => {
  if (!figures) return html`<p class="empty" role="status">Waiting for the first figures …</p>`;
  const behind = figures.offset - figures.learnt_offset;
  return html`
    <header id="head">
      <p class="kicker">Model <b><bdi>${figures.model}</bdi></b>, up for ${age(figures.uptime)}</p>
      <h1>${sentence(figures)}</h1>
      <dl class="figures">
        <${Figure} name="Requests a second" value=${fixed(figures.requests_per_second)} note=${figures.failed ? `${whole(figures.failed)} failed in the last minute` : "none failed in the last minute"} />
        <${Figure} name="Time to a list" value=${fixed(figures.p50)} unit="ms" note=${`99th percentile ${fixed(figures.p99)} ms`} />
        <${Figure} name="Events a second" value=${fixed(figures.events_per_second)} note=${`${whole(figures.offset)} in the log`} />
        <${Figure} name="Catalogue shown" value=${share(figures.coverage)} note=${`by the last ${plural(figures.looked_at, "list")}`} />
        <${Figure} name="New items shown" value=${share(figures.new_share)} note=${`${whole(figures.new_items)} came after the run`} />
      </dl>
    </header>
    <${Section} id="minutes" title="The last five minutes" lede="Second by second; times are those of recommendations, rankings, similar items and searches.">
      <${Chart} title="Each second" seconds=${seconds} series=${TRAFFIC} />
      <${Chart} title="Time to a list" seconds=${seconds} series=${TIMES} unit=" ms" />
    <//>
    <${Section} id="state" title="What it stands on" lede="An event is in the next list at once; what the model itself learns from it comes a moment later.">
      <dl class="facts">
        <div><dt>items</dt><dd>${whole(figures.items)}</dd></div>
        <div><dt>hidden</dt><dd>${whole(figures.hidden_items)}</dd></div>
        <div><dt>pinned</dt><dd>${whole(figures.pinned_items)}</dd></div>
        <div><dt>people since the run</dt><dd>${whole(figures.users)}</dd></div>
        <div><dt>events in the log</dt><dd>${whole(figures.offset)}</dd></div>
        <div><dt>learnt up to event</dt><dd>${figures.learns ? whole(figures.learnt_offset) : "–"}</dd></div>
      </dl>
      <ul class="sentences">
        <li>${!figures.learns ? "The model stays as the run left it; it answers for histories of now." : behind > 0 ? `The model has ${plural(behind, "event")} still to learn from.` : "The model has learnt from every event."}</li>
        <li>${figures.encoded ? "The content of every item is encoded." : "The content of some new items could not be encoded yet; they are tried again."}</li>
        ${figures.degraded > 0 && html`<li class="loss">${plural(figures.degraded, "list")} since the start could not be made by the model, and came by popularity.</li>`}
      </ul>
    <//>
    <${Drift} />`;
};
