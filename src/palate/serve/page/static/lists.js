// Lists of a person: recommended and continued, as diverse as is wanted, and as rows with titles.
import { html, useEffect, useState } from "./vendor/preact.js";
import { ask, nameAll } from "./api.js";
import { Bar, ItemLink, Section, Source, Trouble, Why, plural, score, useAnswer, useTask } from "./parts.js";

const K = 10;

const named = async (answer) => {
  const lists = answer.rows ? answer.rows.flatMap((row) => row.items) : answer.items;
  await nameAll(lists.flatMap((one) => one.reasons.map((reason) => reason.item).filter(Boolean)));
  return answer;
};
export const listFor = async (wanted) => named(await ask("POST", "/v1/recommendations", { ...wanted, k: K }));
const nextOf = async (answer) => named(await ask("POST", "/v1/recommendations/next", { request_id: answer.request_id }));

// A place on the list before: "new", or how many places it moved.
const Moved = ({ before, at }) => {
  if (before < 0) return html`<span class="moved up">new</span>`;
  if (before === at) return html`<span class="moved">same place</span>`;
  const up = before > at;
  return html`<span class=${`moved ${up ? "up" : "down"}`}>${up ? "up" : "down"} ${Math.abs(before - at)}</span>`;
};

export const List = ({ answer, before, tried }) => {
  if (!answer.items.length) return html`<p class="empty">Nothing may be recommended.</p>`;
  const most = Math.max(...answer.items.map((one) => Math.abs(one.score)));
  return html`${answer.degraded && html`<p class="trouble" role="alert">The model could not answer; this is what is popular.</p>`}
    ${answer.why && !answer.degraded && html`<p class="note top-note">${answer.why[0].toUpperCase()}${answer.why.slice(1)}.</p>`}
    <ol class="slots">${answer.items.map((one, at) => html`<li key=${one.item}>
      <div class="line"><span class="rank">${one.position}</span><span class="title"><${ItemLink} item=${one.item} title=${one.title} /><${Source} source=${one.source} /></span>
        ${before && html`<${Moved} before=${before.findIndex((old) => old.item === one.item)} at=${at} />`}<span class="score">${score(one.score)}</span></div>
      <${Bar} value=${one.score} most=${most} />
      <div class="below"><${Why} reasons=${one.reasons} open=${at === 0 && !before} />${tried && html`<button type="button" class="quiet" onClick=${() => tried(one.item)} aria-label=${`What if they took ${one.title || one.item}`}>What if they took it?</button>`}</div></li>`)}</ol>`;
};

// Pages of a list, one behind the other: [all that is shown, problem, busy, more, whether it ended].
function usePages(first) {
  const [pages, setPages] = useState([]);
  const [problem, busy, run] = useTask();
  useEffect(() => setPages(first ? [first] : []), [first]);
  const last = pages.at(-1);
  // a button that is busy keeps the focus, so it is not disabled
  const more = async () => { if (busy) return; const page = await run(() => nextOf(last)); if (page) setPages((old) => [...old, page]); };
  const whole = last && { ...first, items: pages.flatMap((page) => page.items) };
  return [whole, problem, busy, more, last && last.items.length < K];
}

const Diversity = ({ value, chosen }) => {
  const [now, setNow] = useState(value);
  return html`<div class="slide"><label for="diversity">Diversity</label>
    <input id="diversity" type="range" min="0" max="1" step="0.1" value=${now} onInput=${(e) => setNow(Number(e.target.value))} onChange=${(e) => chosen(Number(e.target.value))} aria-describedby="diversity-note" />
    <output for="diversity">${now.toFixed(1)}</output>
    <small id="diversity-note">${now === 0 ? "the best items, however alike" : now === 1 ? "items as unlike each other as can be" : "good items that are unlike each other"}</small></div>`;
};

export const Recommended = ({ user, tried }) => {
  const [diversity, setDiversity] = useState(0);
  const [first, refused] = useAnswer(() => listFor({ user, diversity }), [user, diversity]);
  const [shown, problem, busy, more, ended] = usePages(first);
  return html`<h3>Recommended now</h3>
    <${Diversity} value=${diversity} chosen=${setDiversity} />
    <${Trouble} problem=${refused} />
    ${shown ? html`<${List} answer=${shown} tried=${tried} />` : !refused && html`<p class="empty" role="status">…</p>`}
    ${shown && html`<p class="more-items">${ended ? null : html`<button type="button" aria-disabled=${String(busy)} onClick=${more}>More</button>`}
      <small role="status">${ended ? `That is all: ${plural(shown.items.length, "item")}.` : shown.items.length > K ? `${plural(shown.items.length, "item")} so far; the next page is for the same history as the first.` : ""}</small></p>`}
    <${Trouble} problem=${problem} />`;
};

const KINDS = { "for you": "the person as a whole", because: "one thing they took", field: "what their items share", popular: "all people, lately", new: "came after the run" };

const Shelf = ({ row }) => {
  const [shown, problem, busy, more, ended] = usePages(row);
  const items = shown?.items ?? row.items;
  return html`<section class="shelf" aria-label=${row.title}><h3><bdi class=${row.kind === "field" ? "" : "own"}>${row.title}</bdi> <small>${KINDS[row.kind] ?? row.kind}</small></h3>
    <div class="shelf-items" tabindex="0" role="region" aria-label=${`Items: ${row.title}`}><ol>${items.map((one) => html`<li key=${one.item}>
      <span class="rank">${one.position}</span><${ItemLink} item=${one.item} title=${one.title} /><span class="score">${score(one.score)}</span></li>`)}
      <li class="next">${ended ? html`<small>That is all.</small>` : html`<button type="button" aria-disabled=${String(busy)} onClick=${more} aria-label=${`More of: ${row.title}`}>More</button>`}</li></ol></div>
    <${Trouble} problem=${problem} /></section>`;
};

export const TitledRows = ({ user }) => {
  const [answer, problem] = useAnswer(() => ask("POST", "/v1/rows", { user, rows: 6, k: K, explain: false }), [user]);
  return html`<${Section} id="rows" title="Rows with titles" lede="Several lists that share no item, as a front page shows them; each goes on by itself.">
    <${Trouble} problem=${problem} />
    ${answer ? answer.rows.length ? answer.rows.map((row) => html`<${Shelf} key=${row.request_id} row=${row} />`) : html`<p class="empty">There are too few items for rows.</p>`
      : !problem && html`<p class="empty" role="status">…</p>`}<//>`;
};
