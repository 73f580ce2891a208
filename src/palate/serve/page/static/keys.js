// Keys: listed, made, revoked; and the form in which a person enters theirs.
import { html, useState } from "./vendor/preact.js";
import { ask, hasKey, useKey } from "./api.js";
import { Section, Trouble, useAnswer, useTask, when } from "./parts.js";

export const EnterKey = ({ entered }) => {
  const [secret, setSecret] = useState("");
  const submit = (event) => { event.preventDefault(); useKey(secret); entered(); };
  return html`
    <header id="head"><h1>This service needs a key</h1>
      <p class="details">The person who runs it makes one with <code>palate key new --role read</code>. It stays in this tab until the tab is closed, and is
        sent to this service alone.</p></header>
    <form class="ask" onSubmit=${submit}>
      <label for="secret">Key</label>
      <input id="secret" type="password" autocomplete="off" spellcheck="false" required value=${secret} onInput=${(e) => setSecret(e.target.value)} />
      <button class="main">Use it</button>
      ${hasKey() && html`<p class="trouble" role="alert">The key that was entered is not valid any more, or has not the role for this.</p>`}
    </form>`;
};

const ROLES = { read: "lists, items, figures", event: "send events", admin: "everything" };

const NewKey = ({ made }) => {
  const [roles, setRoles] = useState(["read"]);
  const [label, setLabel] = useState("");
  const [fresh, setFresh] = useState(null);
  const [problem, busy, run] = useTask();
  const toggle = (role) => setRoles(roles.includes(role) ? roles.filter((one) => one !== role) : [...roles, role]);
  const submit = async (event) => {
    event.preventDefault();
    const answer = await run(() => ask("POST", "/v1/keys", { roles, label }));
    if (answer) { setFresh(answer); setLabel(""); made(); }
  };
  return html`<form class="ask" onSubmit=${submit}>
    <fieldset class="kinds"><legend>It may</legend>${Object.entries(ROLES).map(([role, what]) => html`
      <label key=${role}><input type="checkbox" checked=${roles.includes(role)} onChange=${() => toggle(role)} /> <code>${role}</code> <small>(${what})</small></label>`)}</fieldset>
    <label for="label">What it is for</label>
    <input id="label" maxlength="200" value=${label} onInput=${(e) => setLabel(e.target.value)} placeholder="shop" />
    <button class="main" disabled=${busy || !roles.length}>Make a key</button>
    <${Trouble} problem=${problem} />
    ${fresh && html`<div class="fresh" role="status"><p>This is the key <b>${fresh.key.id}</b>. It is shown this once:</p>
      <code>${fresh.secret}</code> <button type="button" onClick=${() => navigator.clipboard?.writeText(fresh.secret)}>Copy</button></div>`}
  </form>`;
};

const Revoke = ({ id, done }) => {
  const [sure, setSure] = useState(false);
  const [problem, busy, run] = useTask();
  const click = async () => {
    if (!sure) return setSure(true);
    if (await run(() => ask("DELETE", `/v1/keys/${encodeURIComponent(id)}`))) done();
  };
  return html`<button disabled=${busy} class=${sure ? "danger" : ""} onClick=${click} onBlur=${() => setSure(false)} aria-label=${`${sure ? "Really revoke" : "Revoke"} key ${id}`}>
    ${sure ? "Really revoke" : "Revoke"}</button><${Trouble} problem=${problem} />`;
};

export const Keys = () => {
  const [answer, problem, again] = useAnswer(() => ask("GET", "/v1/keys"), []);
  return html`
    <header id="head"><h1>Keys</h1></header>
    <${Section} id="keys" title="Who may ask" lede="The service keeps digests: a key itself is shown once, when it is made.">
      <${Trouble} problem=${problem} />
      ${answer && !answer.required && html`<p class="note top-note">Requests need no key now. With the first key they all do, from the next start of the service on.</p>`}
      ${answer && (answer.keys.length ? html`<div class="wide" tabindex="0" role="region" aria-label="Keys"><table class="sheet">
        <thead><tr><th scope="col">Key</th><th scope="col">For</th><th scope="col">May</th><th scope="col">Made</th><th scope="col"><span class="hush">Revoke</span></th></tr></thead>
        <tbody>${answer.keys.map((key) => html`<tr key=${key.id} class=${key.revoked ? "off" : ""}><th scope="row"><code>${key.id}</code></th><td><bdi>${key.label || "–"}</bdi></td>
          <td><code>${key.roles.join(", ")}</code></td><td>${when(key.created)}</td><td>${key.revoked ? "revoked" : html`<${Revoke} id=${key.id} done=${again} />`}</td></tr>`)}</tbody></table></div>`
        : html`<p class="empty">There are no keys.</p>`)}
    <//>
    ${answer && html`<${Section} id="new-key" title="A new key"><${NewKey} made=${again} /><//>`}
    ${hasKey() && html`<${Section} id="mine" title="The key of this tab"><p>It lies in this tab's session until the tab is closed.</p>
      <p><button onClick=${() => { useKey(""); dispatchEvent(new Event("palate-no-key")); }}>Forget it now</button></p><//>`}`;
};
