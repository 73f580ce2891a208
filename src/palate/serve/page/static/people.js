// A person: what is known, what is recommended and why, and what a click would change.
import { html, useState } from "./vendor/preact.js";
import { ask, titleOf, userPath } from "./api.js";
import { SearchBox } from "./items.js";
import { List, Recommended, TitledRows, listFor } from "./lists.js";
import { ItemLink, Section, Trouble, useAnswer, plural, lately, whole, fixed } from "./parts.js";

const Past = ({ user }) => {
  const counters = Object.entries(user.since_run);
  return html`<div class="past">
    <h3>Lately</h3>
    ${user.history.length ? html`<ul>${user.history.slice(-12).reverse().map((one, at) => html`<li key=${at}><${ItemLink} item=${one.item} title=${one.title} /> <small>${one.action && html`<bdi>${one.action}</bdi>, `}${lately(one.time)}</small></li>`)}</ul>`
      : html`<p class="empty">Nothing since the run.</p>`}
    ${counters.length > 0 && html`<h3>In all</h3><ul>${counters.map(([action, one]) => html`<li key=${action}>${action ? html`<bdi>${action}</bdi>` : "unnamed"}: <b>${whole(one.count)}</b> <small>lately ${fixed(one.lately)}</small></li>`)}</ul>`}
    <h3>History</h3>
    <p>${plural(user.in_run, "event")} in the run's own log.</p>
    <ul>${user.taken.slice(-12).reverse().map((one, at) => html`<li key=${at}><${ItemLink} item=${one.item} title=${one.title} /></li>`)}</ul>
    ${Object.keys(user.fields).length > 0 && html`<h3>Known besides</h3><dl class="fields">${Object.entries(user.fields).map(([name, value]) => html`<div key=${name}><dt><bdi>${name}</bdi></dt><dd><bdi>${String(value)}</bdi></dd></div>`)}</dl>`}
  </div>`;
};

// Two lists for the same given history, without and with what is tried: nothing is kept.
const WhatIf = ({ history, tries, drop, add }) => {
  const [answer, problem] = useAnswer(async () => {
    if (!tries.length) return null;
    const [before, after] = await Promise.all([listFor({ history }), listFor({ history: [...history, ...tries].slice(-1000) })]);
    return { before, after };
  }, [history.join("\n"), tries.join("\n")]);
  return html`<${Section} id="what-if" title="What if they took this?" lede="Tried, not saved: both lists are for a history that is given with the request.">
    ${tries.length > 0 && html`<ul class="chips" aria-label="Tried">${tries.map((item, at) => html`<li key=${item}><bdi>${titleOf(item)}</bdi>
      <button type="button" onClick=${() => drop(at)} aria-label=${`Without ${titleOf(item)}`}>×</button></li>`)}</ul>`}
    <${SearchBox} id="try" label=${tries.length ? "And this" : "An item, by words or id"} chosen=${add} button="Try it" />
    <${Trouble} problem=${problem} />
    <div aria-live="polite">${answer && html`<p class="note">${changes(answer.before.items, answer.after.items)}</p><${List} answer=${answer.after} before=${answer.before.items} tried=${add} />`}</div>
  <//>`;
};

function changes(before, after) {
  const fresh = after.filter((one) => !before.some((old) => old.item === one.item)).length;
  if (!after.length) return "";
  return fresh ? `${plural(fresh, "item")} of ${after.length} would be new on the list.` : "The list would hold the same items.";
}

const Person = ({ id }) => {
  const [user, problem] = useAnswer(() => ask("GET", userPath(id)).catch((trouble) => {
    if (trouble.status === 403 || trouble.status === 404) return { unknown: trouble };
    throw trouble;
  }), [id]);
  const [tries, setTries] = useState([]);
  const known = user && !user.unknown;
  const add = (item) => { if (!tries.includes(item)) setTries([...tries, item]); document.getElementById("what-if")?.scrollIntoView({ block: "start" }); };
  return html`
    <${Section} id="person" title=${html`<bdi>${id}</bdi>`} lede=${known ? `${plural(user.taken.length, "item")} in the history that lists are made for` : ""}>
      <${Trouble} problem=${problem} />
      ${user?.unknown && html`<p class="note top-note">${user.unknown.status === 403 ? "What this person did is shown to keys with the role admin." : `${user.unknown.message}.`}</p>`}
      <div class=${known ? "columns" : ""}>${known && html`<${Past} user=${user} />`}<div><${Recommended} user=${id} tried=${add} /></div></div>
    <//>
    <${TitledRows} user=${id} />
    <${WhatIf} history=${known ? user.taken.map((one) => one.item) : []} tries=${tries} add=${add} drop=${(at) => setTries(tries.filter((_, n) => n !== at))} />`;
};

const Anonymous = () => {
  const [tries, setTries] = useState([]);
  return html`<${WhatIf} history=${[]} tries=${tries} add=${(item) => tries.includes(item) || setTries([...tries, item])} drop=${(at) => setTries(tries.filter((_, n) => n !== at))} />`;
};

export const People = ({ id }) => {
  const [text, setText] = useState(id ?? "");
  const submit = (event) => { event.preventDefault(); if (text.trim()) location.hash = `#people/${encodeURIComponent(text.trim())}`; };
  return html`
    <header id="head"><h1>People</h1></header>
    <form class="ask" onSubmit=${submit}><label for="who">A person's id</label>
      <input id="who" data-search autocomplete="off" spellcheck="false" value=${text} onInput=${(e) => setText(e.target.value)} />
      <button class="main">Show</button></form>
    ${id ? html`<${Person} id=${id} key=${id} />` : html`<${Anonymous} />`}`;
};
