// Models: which answers, which run in the shadow, what may be done with them; experiments and drift.
import { html, useState } from "./vendor/preact.js";
import { ask } from "./api.js";
import { Drift } from "./drift.js";
import { Experiments } from "./experiments.js";
import { Section, Trouble, fixed, maybe, plural, share, useAnswer, useTask, when, whole } from "./parts.js";

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
  return html`<button type="button" disabled=${busy} onClick=${click}>Roll back to the model before</button><${Trouble} problem=${problem} />`;
};

const FIRST_USES = { shadow: "asks it in the shadow", ready: "lets it rest", answering: "lets it answer" };

// A further run from the folder of runs; every byte of it is checked before anything is parsed.
const Deploy = ({ done }) => {
  const [name, setName] = useState("");
  const [use, setUse] = useState("shadow");
  const [problem, busy, run] = useTask();
  const submit = async (event) => {
    event.preventDefault();
    if (await run(() => ask("POST", "/v1/models", { run: name.trim(), use }))) { setName(""); done(); }
  };
  return html`<form class="ask" onSubmit=${submit}><label for="run">A run, by the name of its folder</label>
    <input id="run" required autocomplete="off" spellcheck="false" value=${name} onInput=${(e) => setName(e.target.value)} />
    <span class="with-label"><label for="use">The service</label> <select id="use" value=${use} onChange=${(e) => setUse(e.target.value)}>${Object.entries(FIRST_USES).map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}</select></span>
    <button class="main" disabled=${busy}>${busy ? "It is being checked …" : "Deploy"}</button><${Trouble} problem=${problem} /></form>`;
};

export const Models = ({ figures }) => {
  const [models, problem, again] = useAnswer(() => maybe("/v1/models"), []);
  const [experiments, refused, look] = useAnswer(() => maybe("/v1/experiments"), []);
  const found = models?.models ?? [];
  return html`
    <header id="head"><h1>Models and experiments</h1></header>
    <${Section} id="models" title="Models" lede="What answers now, and what could. In the shadow a model is asked besides, and no one sees its lists.">
      <${Trouble} problem=${problem} />
      ${found.length ? html`<ul class="slots">${found.map((model) => html`<${Model} key=${model.name} model=${model} done=${again} />`)}</ul>
        <div class="switches after"><${RollBack} done=${again} /></div><h3>One more</h3><${Deploy} done=${again} />` : figures && html`
        <p>This service answers with one model, <b><bdi>${figures.model}</bdi></b>${figures.learns ? ", which learns from new events." : ", which stays as the run left it."}</p>`}
    <//>
    ${refused ? html`<${Trouble} problem=${refused} />` : html`<${Experiments} found=${experiments?.experiments ?? []} models=${found} done=${look} />`}
    <${Drift} />`;
};
