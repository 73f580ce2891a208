// Models, experiments and drift, where the service has them.
import { html } from "./vendor/preact.js";
import { ask } from "./api.js";
import { Section, Trouble, fixed, plural, score, share, useAnswer, useTask, when, whole } from "./parts.js";

// A service without the route is no trouble: there is nothing to show.
const maybe = async (path) => {
  try {
    return await ask("GET", path);
  } catch (problem) {
    if (problem.status === 404 || problem.status === 405) return undefined;
    throw problem;
  }
};

const isInterval = (value) => Array.isArray(value) && value.length === 2 && value.every((one) => typeof one === "number");
const TIMES = /(^|_)(time|created|since|started|deployed|at)$/;

const words = (name) => name.replaceAll("_", " ");
function Cell(name, value) {
  if (value == null || value === "") return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return TIMES.test(name) && value > 1e9 ? when(value) : Number.isInteger(value) ? value.toLocaleString("en") : score(value);
  if (isInterval(value)) return `${score(value[0])} to ${score(value[1])}`;
  if (Array.isArray(value)) return value.length ? value.map((one) => (typeof one === "object" ? one.name ?? one.model ?? "…" : one)).join(", ") : "–";
  return String(value);
}
const plain = (value) => value == null || typeof value !== "object" || isInterval(value) || (Array.isArray(value) && value.every((one) => typeof one !== "object"));

// Rows as a table, one column for each plain value; what is nested goes below each other.
export const Rows = ({ caption, rows }) => {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row).filter((name) => plain(row[name]))))];
  const numeric = (name) => rows.every((row) => row[name] == null || (typeof row[name] === "number" && !TIMES.test(name)) || isInterval(row[name]));
  return html`<div class="wide" tabindex="0" role="region" aria-label=${caption}>
    <table class="sheet"><caption>${caption}</caption>
      <thead><tr>${columns.map((name) => html`<th scope="col" class=${numeric(name) ? "num" : ""}>${words(name)}</th>`)}</tr></thead>
      <tbody>${rows.map((row) => html`<tr>${columns.map((name, at) => (at
        ? html`<td class=${numeric(name) ? "num" : ""}><bdi>${Cell(name, row[name])}</bdi></td>`
        : html`<th scope="row"><bdi>${Cell(name, row[name])}</bdi></th>`))}</tr>`)}</tbody></table></div>`;
};

const listOf = (answer) => (Array.isArray(answer) ? answer : Object.values(answer ?? {}).find((value) => Array.isArray(value) && value.every((one) => typeof one === "object")) ?? []);

const Nested = ({ row }) => Object.entries(row).filter(([, value]) => Array.isArray(value) && value.length && value.every((one) => one && typeof one === "object"))
  .map(([name, value]) => html`<${Rows} key=${name} caption=${`${row.name ?? row.experiment ?? ""}: ${words(name)}`} rows=${value} />`);

export const Drift = () => {
  const [answer] = useAnswer(() => maybe("/v1/drift").catch(() => undefined), []);
  const rows = listOf(answer);
  if (!rows.length) return null;
  return html`<${Section} id="drift" title="Drift" lede="How far what comes in now is from what the run was fitted on.">
    <${Rows} caption="Each thing that is watched" rows=${rows} /><//>`;
};

// What may be done with a model as it is used now; the service refuses it for keys without the role admin.
const MOVES = { answering: [], shadow: [["deploy", "Let it answer"], ["rest", "Let it rest"]], ready: [["deploy", "Let it answer"], ["shadow", "Put in the shadow"]] };
const USES = { answering: "answers", shadow: "in the shadow", ready: "rests" };

const Model = ({ model, done }) => {
  const [problem, busy, run] = useTask();
  const move = (verb) => async () => { if (await run(() => ask("POST", `/v1/models/${encodeURIComponent(model.name)}/${verb}`))) done(); };
  const shadow = model.shadow;
  return html`<li><div class="line"><span class="title"><bdi>${model.name}</bdi></span> <span class=${`tag ${model.use === "answering" ? "" : "quiet"}`}>${USES[model.use] ?? model.use}</span>
      <span class="score">since ${when(model.since)}</span></div>
    <p class="why-model"><bdi>${model.model}</bdi> of the run <bdi>${model.run}</bdi>, ${plural(model.items, "item")}, ${model.learns ? "learns from new events" : "stays as the run left it"}.
      ${shadow && ` In the shadow for ${plural(shadow.lists, "list")}: ${share(shadow.overlap)} of what was shown is on its lists too, ${fixed(shadow.milliseconds)} ms a list, ${whole(shadow.failed)} failed.`}</p>
    <div class="switches">${(MOVES[model.use] ?? []).map(([verb, text]) => html`<button key=${verb} disabled=${busy} onClick=${move(verb)} aria-label=${`${text}: ${model.name}`}>${text}</button>`)}</div>
    <${Trouble} problem=${problem} /></li>`;
};

const RollBack = ({ done }) => {
  const [problem, busy, run] = useTask();
  const click = async () => { if (await run(() => ask("POST", "/v1/models/roll-back"))) done(); };
  return html`<p><button disabled=${busy} onClick=${click}>Roll back to the model before</button></p><${Trouble} problem=${problem} />`;
};

export const Models = ({ figures }) => {
  const [models, problem, again] = useAnswer(() => maybe("/v1/models"), []);
  const [experiments] = useAnswer(() => maybe("/v1/experiments").catch(() => undefined), []);
  const found = listOf(models);
  const trials = listOf(experiments);
  return html`
    <header id="head"><h1>Models and experiments</h1></header>
    <${Section} id="models" title="Models" lede="What answers now, and what could.">
      <${Trouble} problem=${problem} />
      ${found.length ? html`<ul class="slots">${found.map((model) => html`<${Model} key=${model.name} model=${model} done=${again} />`)}</ul><${RollBack} done=${again} />` : figures && html`
        <p>This service answers with one model, <b><bdi>${figures.model}</bdi></b>${figures.learns ? ", which learns from new events." : ", which stays as the run left it."}</p>`}
    <//>
    <${Section} id="experiments" title="Experiments" lede="Traffic split between models, with what each came to and how sure that is.">
      ${trials.length ? html`<${Rows} caption="Experiments" rows=${trials} />${trials.map((row) => html`<${Nested} row=${row} />`)}` : html`<p class="empty">No experiment is running.</p>`}
    <//>
    <${Drift} />`;
};
