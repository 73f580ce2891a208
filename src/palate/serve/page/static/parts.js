// Pieces that several views share.
import { html, useEffect, useState, useCallback } from "./vendor/preact.js";
import { ask, titleOf } from "./api.js";

const number = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
export const whole = (value) => (value == null ? "–" : number.format(value));
export const fixed = (value, digits = 1) => (value == null ? "–" : value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }));
export const share = (value) => (value == null ? "–" : `${fixed(value * 100, value < 0.1 ? 1 : 0)} %`);
export const score = (value) => (Math.abs(value) >= 1000 || (value !== 0 && Math.abs(value) < 0.001) ? value.toExponential(2) : value.toPrecision(3));
export const signed = (value) => `${value < 0 ? "−" : "+"}${score(Math.abs(value))}`;
export const when = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
const DAY = 86400;
export const lately = (seconds) => (Date.now() / 1000 - seconds < DAY ? new Date(seconds * 1000).toTimeString().slice(0, 5) : when(seconds).slice(0, 10));
export const plural = (n, one, many = `${one}s`) => `${whole(n)} ${n === 1 ? one : many}`;

export const Section = ({ id, title, lede, children }) => html`
  <section class="part" id=${id} aria-labelledby=${`${id}-title`}>
    <header><h2 id=${`${id}-title`}>${title}</h2>${lede && html`<p class="lede">${lede}</p>`}</header>
    <div class="body">${children}</div>
  </section>`;

export const Figure = ({ name, value, unit, note }) => html`
  <div><dt>${name}</dt><dd><b>${value}${unit && html`<span class="unit"> ${unit}</span>`}</b>${note && html`<small>${note}</small>`}</dd></div>`;

export const Trouble = ({ problem }) => problem && html`
  <p class="trouble" role="alert"><b>${problem.message}.</b>${problem.next && ` ${problem.next}.`}</p>`;

export const ItemLink = ({ item, title }) => html`<a href=${`#items/${encodeURIComponent(item)}`}><bdi>${title || titleOf(item)}</bdi></a>`;

// A bar on a common scale; what counts against comes from the other side, in another colour.
export const Bar = ({ value, most, tone = "" }) => {
  const width = most > 0 ? Math.min(100, (Math.abs(value) / most) * 100) : 0;
  return html`<svg class=${`meter ${value < 0 ? "below" : ""} ${tone}`} viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
    <rect class="ground" width="100" height="6" /><rect class="fill" x=${value < 0 ? 100 - width : 0} width=${width} height="6" /></svg>`;
};

const SOURCES = { model: "", pinned: "pinned", popularity: "popular", search: "", content: "by content" };
export const Source = ({ source }) => {
  const word = SOURCES[source] ?? source;
  return word ? html` <span class=${`tag ${source === "pinned" ? "" : "quiet"}`}>${word}</span>` : null;
};

const REASONS = {
  history: (one) => html`because of <bdi>${titleOf(one.item)}</bdi>`,
  popularity: () => "many people took it",
  block: (one) => html`alike in <bdi>${one.member}</bdi>`,
  rule: (one) => html`the rule <bdi>${one.member.replace(/^rule\./, "")}</bdi>`,
  model: () => "the model as a whole",
  rest: () => "everything else",
};
export const reasonText = (one) => (REASONS[one.kind] ?? (() => one.kind))(one);

export const Reasons = ({ reasons, most = 5 }) => {
  if (!reasons.length) return null;
  const shown = reasons.slice(0, most);
  const top = Math.max(...reasons.map((one) => Math.abs(one.value)));
  return html`<ul class="reasons">${shown.map((one) => html`
    <li><span>${one.item ? html`<bdi>${titleOf(one.item)}</bdi>` : reasonText(one)}${one.member && one.item && html` <small><bdi>${one.member}</bdi></small>`}</span>
      <${Bar} value=${one.value} most=${top} /><span class="num">${signed(one.value)}</span></li>`)}</ul>`;
};

// The first reason in a line, all of them when it is opened.
export const Why = ({ reasons, open }) => {
  const first = reasons.find((one) => one.kind !== "rest") ?? reasons[0];
  if (!first) return null;
  return html`<details class="why-list" open=${open}><summary>${reasonText(first)}${reasons.length > 1 && html` <small>and ${reasons.length - 1} more</small>`}</summary>
    <${Reasons} reasons=${reasons} /></details>`;
};

// Does something, and shows what is wrong with it: [problem, busy, run].
export function useTask() {
  const [state, setState] = useState({ problem: null, busy: false });
  const run = useCallback(async (work) => {
    setState({ problem: null, busy: true });
    try {
      const found = await work();
      setState({ problem: null, busy: false });
      return found;
    } catch (problem) {
      setState({ problem, busy: false });
      return null;
    }
  }, []);
  return [state.problem, state.busy, run];
}

// An answer that is asked for whenever what it depends on changes: [answer, problem, again].
export function useAnswer(work, depends) {
  const [state, setState] = useState({ answer: null, problem: null });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let gone = false;
    setState((old) => ({ answer: turn ? old.answer : null, problem: null }));
    work().then(
      (answer) => gone || setState({ answer, problem: null }),
      (problem) => gone || setState({ answer: null, problem }),
    );
    return () => { gone = true; };
  }, [...depends, turn]);
  return [state.answer, state.problem, () => setTurn((n) => n + 1)];
}

// A service without the route is no trouble: there is nothing to show.
export const maybe = async (path) => {
  try {
    return await ask("GET", path);
  } catch (problem) {
    if (problem.status === 404 || problem.status === 405) return undefined;
    throw problem;
  }
};
