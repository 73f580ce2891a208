// Items: searched, opened, with what is near, which words matter, and how they fare.
import { html, useState } from "./vendor/preact.js";
import { ask, itemPath } from "./api.js";
import { Bar, ItemLink, Section, Source, Trouble, Why, score, useAnswer, useTask, whole, fixed } from "./parts.js";

export const open = (item) => { location.hash = `#items/${encodeURIComponent(item)}`; };

// Words, or an id: what is found in words, and the item of that id if there is one.
async function found(text) {
  const exact = ask("GET", itemPath(text)).catch(() => null);
  const words = ask("POST", "/v1/search", { text, k: 12, explain: true }).catch((problem) => problem);
  const [item, answer] = await Promise.all([exact, words]);
  const listed = answer.items?.filter((one) => one.item !== item?.item) ?? [];
  if (!item && !answer.items) throw answer;
  return { item, listed };
}

export const SearchBox = ({ id, label, chosen, button }) => {
  const [text, setText] = useState("");
  const [result, setResult] = useState(null);
  const [problem, busy, run] = useTask();
  const submit = async (event) => {
    event.preventDefault();
    if (text.trim()) setResult(await run(() => found(text.trim())));
  };
  const choice = (one) => html`<li key=${one.item} class="line">${button
    ? html`<span class="title"><bdi>${one.title || one.item}</bdi></span><button type="button" onClick=${() => chosen(one.item)}>${button}</button>`
    : html`<span class="title"><${ItemLink} item=${one.item} title=${one.title} /></span>${one.score != null && html`<span class="score">${score(one.score)}</span>`}`}</li>`;
  return html`<form class="ask" role="search" onSubmit=${submit}>
      <label for=${id}>${label}</label>
      <input id=${id} type="search" data-search value=${text} onInput=${(e) => setText(e.target.value)} enterkeyhint="search" />
      <button class="main" disabled=${busy}>Search</button></form>
    <${Trouble} problem=${problem} />
    ${result && html`<ol class="found" aria-label="Found">${result.item && choice(result.item)}${result.listed.map(choice)}</ol>
      ${!result.item && !result.listed.length && html`<p class="empty" role="status">Nothing matches.</p>`}`}`;
};

const Counters = ({ counters }) => {
  const rows = Object.entries(counters).sort((a, b) => b[1].count - a[1].count);
  if (!rows.length) return html`<p class="empty">Nothing has been done with it since the run.</p>`;
  const most = Math.max(...rows.map(([, one]) => one.count));
  return html`<table class="sheet bars"><thead><tr><th scope="col">What</th><th scope="col" class="num">Times</th><th scope="col" class="num">Lately</th><th scope="col" class="bar-head"><span class="hush">Bar</span></th></tr></thead>
    <tbody>${rows.map(([action, one]) => html`<tr key=${action}><th scope="row">${action ? html`<bdi>${action}</bdi>` : "unnamed"}</th><td class="num">${whole(one.count)}</td>
      <td class="num">${fixed(one.lately)}</td><td class="bar-cell"><${Bar} value=${one.count} most=${most} /></td></tr>`)}</tbody></table>`;
};

const Words = ({ item }) => {
  const [answer, problem] = useAnswer(() => ask("GET", `${itemPath(item)}/words?k=12`), [item]);
  if (problem) return html`<p class="empty">${problem.message}.</p>`;
  if (!answer) return html`<p class="empty">Leaving out one word after the other …</p>`;
  const blocks = Map.groupBy ? Map.groupBy(answer.words, (one) => one.block) : new Map([["", answer.words]]);
  if (!answer.words.length) return html`<p class="empty">It has no text.</p>`;
  return html`<div class="pair">${[...blocks].map(([block, words]) => {
    const most = Math.max(...words.map((one) => one.weight), 1e-9);
    return html`<div key=${block}><h3><bdi>${block}</bdi></h3><ul class="reasons">${words.map((one) => html`
      <li key=${one.word}><span><bdi>${one.word}</bdi></span><${Bar} value=${one.weight} most=${most} /><span class="num">${fixed(one.weight, 2)}</span></li>`)}</ul></div>`;
  })}</div>`;
};

const Neighbours = ({ item }) => {
  const [answer, problem] = useAnswer(() => ask("GET", `${itemPath(item)}/similar?k=10`), [item]);
  if (problem) return html`<${Trouble} problem=${problem} />`;
  if (!answer) return html`<p class="empty">…</p>`;
  if (!answer.items.length) return html`<p class="empty">The model knows of none.</p>`;
  const most = Math.max(...answer.items.map((one) => Math.abs(one.score)));
  if (!most) return html`<p class="empty">The model cannot tell yet: no one took it together with others, and its words count for nothing there.</p>`;
  return html`<ol class="slots">${answer.items.map((one) => html`<li key=${one.item}>
    <div class="line"><span class="rank">${one.position}</span><span class="title"><${ItemLink} item=${one.item} title=${one.title} /><${Source} source=${one.source} /></span><span class="score">${score(one.score)}</span></div>
    <${Bar} value=${one.score} most=${most} /></li>`)}</ol>`;
};

export const Switches = ({ item, state, changed }) => {
  const [problem, busy, run] = useTask();
  const post = (verb) => async () => { const answer = await run(() => ask("POST", `${itemPath(item)}/${verb}`)); if (answer) changed(answer); };
  return html`<div class="switches">
    <button disabled=${busy} aria-pressed=${String(state.pinned)} onClick=${post(state.pinned ? "unpin" : "pin")}>${state.pinned ? "Pinned: let it go" : "Pin to the top"}</button>
    <button disabled=${busy} aria-pressed=${String(state.hidden)} onClick=${post(state.hidden ? "show" : "hide")}>${state.hidden ? "Hidden: show again" : "Hide"}</button>
    <${Trouble} problem=${problem} /></div>`;
};

const Fields = ({ fields }) => {
  const rows = Object.entries(fields);
  if (!rows.length) return html`<p class="empty">The catalogue says nothing of it.</p>`;
  return html`<dl class="fields">${rows.map(([name, value]) => html`<div key=${name}><dt><bdi>${name}</bdi></dt><dd><bdi>${Array.isArray(value) ? value.join(", ") : String(value)}</bdi></dd></div>`)}</dl>`;
};

const Item = ({ item }) => {
  const [asked, problem] = useAnswer(() => ask("GET", itemPath(item)), [item]);
  const [changed, setChanged] = useState(null);
  const state = changed?.item === item ? changed : asked;
  if (problem) return html`<${Trouble} problem=${problem} />`;
  if (!state) return html`<p class="empty" role="status">Looking for it …</p>`;
  return html`
    <${Section} id="item" title=${html`<bdi>${state.title || state.item}</bdi>`} lede=${html`Item <bdi>${state.item}</bdi>`}>
      <${Switches} item=${item} state=${state} changed=${setChanged} /><${Fields} fields=${state.fields} /><//>
    <${Section} id="fares" title="How it fares" lede="Since the run; an event of a week ago counts half in “lately”."><${Counters} counters=${state.since_run} /><//>
    <${Section} id="near" title="What is near" lede="What the model recommends to who took this item alone."><${Neighbours} item=${item} /><//>
    <${Section} id="words" title="Words that matter" lede="How far the item's place in a block of texts moves without the word: 1 minus the cosine."><${Words} item=${item} /><//>`;
};

export const Items = ({ id }) => html`
  <header id="head"><h1>Items</h1></header>
  <${SearchBox} id="find" label="Words, or an id" />
  ${id && html`<${Item} item=${id} key=${id} />`}`;
