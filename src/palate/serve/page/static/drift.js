// Drift: how far what happens now is from what the model learnt of, thing by thing, in words.
import { html } from "./vendor/preact.js";
import { Section, Trouble, fixed, maybe, plural, share, useAnswer } from "./parts.js";

const ALARM = 0.25; // of the index, see docs/serving.md
const UNKNOWN = 0.1;

function verdict(one) {
  if (one.of_noise == null) return ["", "nothing to compare yet"];
  if (one.alarm) return ["bad", "has changed: fit the model again"];
  if (one.psi > one.of_noise) return ["some", "has moved, but not far"];
  return ["good", "as in the run"];
}

// An index beside the least that would be an alarm.
const Index = ({ one }) => {
  const limit = Math.max(ALARM, one.of_noise ?? 0);
  const most = Math.max(one.psi, limit) * 1.15;
  return html`<svg class=${`index ${verdict(one)[0]}`} viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="ground" y="3" width="100" height="4" />
    <rect class="fill" y="3" width=${(100 * one.psi) / most} height="4" /><rect class="limit" x=${(100 * limit) / most} width=".7" height="10" /></svg>`;
};

const Watched = ({ name, what, one }) => {
  const [tone, says] = verdict(one);
  return html`<tr><th scope="row"><bdi>${name}</bdi> <small>${what}</small></th><td class=${`says ${tone}`} data-label="Verdict">${says}</td>
    <td class="num" data-label="Index">${fixed(one.psi, 2)} <span class="interval">${one.of_noise == null ? "" : `alarm above ${fixed(Math.max(ALARM, one.of_noise), 2)}`}</span><${Index} one=${one} /></td></tr>`;
};

const Share = ({ name, what, value, limit }) => {
  const high = limit != null && value > limit;
  return html`<tr><th scope="row">${name} <small>${what}</small></th>
    <td class=${`says ${limit == null ? "" : high ? "bad" : "good"}`} data-label="Verdict">${limit == null ? "for comparison" : high ? "many: fit the model again" : "few"}</td>
    <td class="num" data-label="Share">${share(value)} <span class="interval">${limit == null ? "" : `alarm above ${share(limit)}`}</span></td></tr>`;
};

function sentence(found) {
  if (!found.events) return "No events since the run: there is nothing to compare yet.";
  const lists = found.lists ? ` and ${plural(found.lists, "list")}` : "";
  const basis = `by the last ${plural(found.events, "event")}${lists}`;
  if (!found.alarms.length) return `What happens now is like what the model learnt of, ${basis}.`;
  const names = found.alarms.map((one) => one.replace(/^block /, ""));
  const last = names.pop();
  return `${names.length ? `${names.join(", ")} and ${last} have` : `${last} has`} moved away from what the model learnt of, ${basis}: it is time for the model to be fitted again.`;
}

export const Drift = () => {
  const [found, problem] = useAnswer(() => maybe("/v1/drift"), []);
  if (problem?.status === 401 || (!found && !problem)) return null;
  return html`<${Section} id="drift" title="Drift" lede="How far what people do now is from what the model learnt of. The index is 0 where both are alike.">
    <${Trouble} problem=${problem} />
    ${found && html`<p class=${`verdict ${found.alarms.length ? "bad" : ""}`}>${sentence(found)}</p>
      ${found.events > 0 && html`<table class="sheet stacked"><caption class="hush">Each thing that is watched</caption>
        <thead><tr><th scope="col">What</th><th scope="col">Verdict</th><th scope="col" class="num">How far</th></tr></thead>
        <tbody>${Object.entries(found.blocks).map(([name, one]) => html`<${Watched} key=${name} name=${name} what="items that people choose, in this block" one=${one} />`)}
          ${found.scores && html`<${Watched} name="Scores" what="the best of each list" one=${found.scores} />`}
          <${Share} name="New items" what="events with items that came after the run" value=${found.unknown_items} limit=${UNKNOWN} />
          <${Share} name="New people" what="events of people whom the run does not know" value=${found.unknown_users} /></tbody></table>`}`}<//>`;
};
