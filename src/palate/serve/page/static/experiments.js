// Experiments: which model, how many answers and clicks, the rate and how sure it is.
import { html } from "./vendor/preact.js";
import { Section, Trouble, fixed, plural, share, when, whole } from "./parts.js";

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
  const words = { better: `better than ${first.model}`, worse: `worse than ${first.model}` };
  return words[one.verdict] ?? "no difference shown";
}

function state(trial) {
  const people = `${whole(trial.users)} of ${plural(trial.planned_users, "person", "people")}`;
  const what = trial.actions.length ? trial.actions.join(", ") : "any action";
  const counted = `Counted is ${what} that answers a list.`;
  if (!trial.running) return `Began ${when(trial.started)} and has ended, with ${people}. ${counted}`;
  return early(trial)
    ? `Runs since ${when(trial.started)}: ${people} so far. It is to be looked at once, when all are there; who stops when it suits is wrong far more often than 1 time in 20. ${counted}`
    : `Runs since ${when(trial.started)}, and the ${people} are there: the figures hold. ${counted}`;
}

const Beside = ({ one, first }) => {
  if (one === first || one.difference == null) return "–";
  const range = one.difference_low == null ? "" : ` (${points(one.difference_low)} to ${points(one.difference_high)})`;
  return html`${points(one.difference)} points<span class="interval">${range}</span>`;
};

const Trial = ({ trial }) => {
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
        <td class="num" data-label="Beside the first"><${Beside} one=${one} first=${first} /></td><td data-label="Verdict" class=${`says ${one.verdict}`}>${verdict(one, first, trial)}</td></tr>`)}</tbody></table></article>`;
};

export const Experiments = ({ found }) => html`
  <${Section} id="experiments" title="Experiments" lede="People split between models: how often a list led to a click, and how sure that is.">
    ${found.length ? found.map((trial) => html`<${Trial} key=${trial.name} trial=${trial} />`) : html`<p class="empty">No experiment has been started.</p>`}<//>`;
