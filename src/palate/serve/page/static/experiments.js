// Experiments: which model, how many answers and clicks, the rate and how sure it is.
import { html, useState } from "./vendor/preact.js";
import { ask } from "./api.js";
import { Section, Trouble, fixed, plural, share, useTask, when, whole } from "./parts.js";

const percent = (value) => (value == null ? "–" : `${fixed(value * 100, Math.abs(value) < 0.1 ? 2 : 1)} %`);
const points = (value) => `${value < 0 ? "−" : "+"}${fixed(Math.abs(value) * 100, 2)}`;

// A rate with its interval on the scale that all variants share.
const Interval = ({ one, most }) => {
  if (one.rate == null || !most) return null;
  const at = (value) => (100 * value) / most;
  const whiskers = one.low != null && html`<rect class="range" x=${at(one.low)} y="3" width=${Math.max(at(one.high) - at(one.low), 0.4)} height="4" />`;
  return html`<svg class="rate" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="ground" y="4.5" width="100" height="1" />${whiskers}
    <rect class="dot" x=${Math.max(at(one.rate) - 0.5, 0)} y="0" width="1" height="10" /></svg>`;
};

const early = (trial) => trial.variants.some((one) => one.verdict === "too early");

function verdict(one, first, trial) {
  if (one === first) return "the first one";
  if (one.verdict === "too early") return trial.running ? "too early to say" : "ended too early to say";
  if (one.verdict === "stopped") return `stopped: clearly worse, its people get ${first.model}`;
  const words = { better: `better than ${first.model}`, worse: `worse than ${first.model}` };
  return words[one.verdict] ?? "no difference shown";
}

function state(trial) {
  const people = `${whole(trial.users)} of ${plural(trial.planned_users, "person", "people")}`;
  const what = trial.actions.length ? trial.actions.join(", ") : "any action";
  const guarded = trial.guards.length ? ` A variant that brings more of ${trial.guards.join(", ")} is stopped.` : "";
  const counted = `Counted is ${what} that answers a list.${guarded}`;
  if (!trial.running) return `Began ${when(trial.started)} and has ended, with ${people}. ${counted}`;
  return early(trial)
    ? `Runs since ${when(trial.started)}: ${people} so far. Differences hold at every look, so that it may be ended as soon as they say enough. ${counted}`
    : `Runs since ${when(trial.started)}, with ${people}: the figures say enough. ${counted}`;
}

const Beside = ({ one, first }) => {
  if (one === first || one.difference == null) return "–";
  const range = one.difference_low == null ? "" : ` (${points(one.difference_low)} to ${points(one.difference_high)})`;
  return html`${points(one.difference)} points<span class="interval">${range}</span>`;
};

const End = ({ trial, done }) => {
  const [problem, busy, run] = useTask();
  const click = async () => { if (await run(() => ask("DELETE", `/v1/experiments/${encodeURIComponent(trial.name)}`))) done(); };
  return html`<div class="switches after"><button disabled=${busy} onClick=${click} aria-label=${`End the experiment ${trial.name}`}>End it</button></div><${Trouble} problem=${problem} />`;
};

// Two deployed models, half of the people each.
const Start = ({ models, done }) => {
  const [name, setName] = useState("");
  const [pair, setPair] = useState([models[0].name, models[1].name]);
  const [people, setPeople] = useState("2000");
  const [problem, busy, run] = useTask();
  const submit = async (event) => {
    event.preventDefault();
    const body = { name: name.trim(), variants: pair.map((model) => ({ model, share: 0.5 })), planned_users: Number(people) };
    if (await run(() => ask("POST", "/v1/experiments", body))) { setName(""); done(); }
  };
  const choice = (at, label) => html`<span class="with-label"><label for=${`variant-${at}`}>${label}</label>
    <select id=${`variant-${at}`} value=${pair[at]} onChange=${(e) => setPair(pair.map((one, n) => (n === at ? e.target.value : one)))}>${models.map((one) => html`<option key=${one.name} value=${one.name}>${one.name}</option>`)}</select></span>`;
  return html`<h3>A new one</h3><form class="ask" onSubmit=${submit}><label for="experiment">Its name</label>
    <input id="experiment" required pattern="[A-Za-z0-9_][A-Za-z0-9_.\\-]*" maxlength="64" autocomplete="off" spellcheck="false" value=${name} onInput=${(e) => setName(e.target.value)} />
    ${choice(0, "Half of the people get")} ${choice(1, "the others")}
    <span class="with-label"><label for="people">People it is planned for</label> <input id="people" type="number" min="10" max="1000000" required value=${people} onInput=${(e) => setPeople(e.target.value)} /></span>
    <button class="main" disabled=${busy}>Start</button><${Trouble} problem=${problem} /></form>`;
};

const Trial = ({ trial, done }) => {
  const [first] = trial.variants;
  const most = Math.max(0, ...trial.variants.map((one) => one.high ?? one.rate ?? 0));
  return html`<article class="trial"><h3><bdi>${trial.name}</bdi> <span class=${`tag ${trial.running ? "" : "quiet"}`}>${trial.running ? "runs" : "ended"}</span></h3>
    <p class="why-model">${state(trial)}</p>
    ${trial.split_p != null && trial.split_p < 0.001 && html`<${Trouble} problem=${{ message: "People of one variant are lost somewhere, so no figure here is to be believed", next: "look for lists of one variant that are not shown or not reported" }} />`}
    <table class="sheet stacked"><caption class="hush">Variants of ${trial.name}</caption>
      <thead><tr><th scope="col">Model</th><th scope="col" class="num">People</th><th scope="col" class="num">Answers</th><th scope="col" class="num">With a click</th><th scope="col" class="num">Rate, 95 % interval</th><th scope="col" class="num">Beside the first</th><th scope="col">Verdict</th></tr></thead>
      <tbody>${trial.variants.map((one) => html`<tr key=${one.model}><th scope="row"><bdi>${one.model}</bdi> <small>${share(one.share)} of people</small></th>
        <td class="num" data-label="People">${whole(one.users)}</td><td class="num" data-label="Answers">${whole(one.lists)}</td><td class="num" data-label="With a click">${whole(one.successes)}</td>
        <td class="num" data-label="Rate, 95 % interval"><b>${percent(one.rate)}</b>${one.low != null && html` <span class="interval">${percent(one.low)} to ${percent(one.high)}</span>`}<${Interval} one=${one} most=${most} /></td>
        <td class="num" data-label="Beside the first"><${Beside} one=${one} first=${first} /></td><td data-label="Verdict" class=${`says ${one.verdict}`}>${verdict(one, first, trial)}</td></tr>`)}</tbody></table>
    ${trial.running && html`<${End} trial=${trial} done=${done} />`}</article>`;
};

export const Experiments = ({ found, models, done }) => html`
  <${Section} id="experiments" title="Experiments" lede="People split between models: how often a list led to a click, and how sure that is.">
    ${found.length ? found.map((trial) => html`<${Trial} key=${trial.name} trial=${trial} done=${done} />`) : html`<p class="empty">No experiment has been started.</p>`}
    ${models.length > 1 && !found.some((trial) => trial.running) && html`<${Start} models=${models} done=${done} />`}<//>`;
