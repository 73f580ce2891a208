// The public API, asked with the key that the person entered. The key lies in this tab's memory and
// session alone, and goes nowhere but into the header of requests to this service.
const STORE = "palate-key";
let key = "";
try { key = sessionStorage.getItem(STORE) ?? ""; } catch { /* then it is in memory alone */ }

export const hasKey = () => key !== "";
export function useKey(secret) {
  key = secret.trim();
  try { key ? sessionStorage.setItem(STORE, key) : sessionStorage.removeItem(STORE); } catch { /* see above */ }
}

export class Problem extends Error {
  constructor(status, body) {
    super(body?.what || `the service answered ${status || "nothing"}`);
    Object.assign(this, { status, allowed: body?.allowed ?? "", next: body?.next_step ?? "" });
  }
}

const headers = (more) => (key ? { ...more, Authorization: `Bearer ${key}` } : more);

async function answered(path, options) {
  let response;
  try {
    response = await fetch(path, { cache: "no-store", ...options });
  } catch {
    throw new Problem(0, { what: "the service cannot be reached", next_step: "is it running?" });
  }
  if (response.ok) return response;
  let body = null;
  try { body = await response.json(); } catch { /* a proxy's own page */ }
  if (response.status === 401) dispatchEvent(new Event("palate-no-key"));
  throw new Problem(response.status, body);
}

export async function ask(method, path, body) {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await answered(path, { method, headers: headers({ "Content-Type": "application/json" }), ...sent });
  const answer = response.status === 204 ? null : await response.json();
  if (answer) noteTitles(answer);
  return answer;
}

// What items are called, as far as answers said it. `items` of a model is how many there are.
const titles = new Map();
function noteTitles(answer) {
  for (const one of [answer, answer.items, answer.taken].flat()) if (one?.item && one.title) titles.set(one.item, one.title);
}
export const titleOf = (item) => titles.get(item) || item;

export async function nameAll(items) {
  const missing = [...new Set(items)].filter((item) => !titles.has(item)).slice(0, 30);
  await Promise.all(missing.map(async (item) => {
    try { titles.set(item, (await ask("GET", itemPath(item))).title || item); } catch { titles.set(item, item); }
  }));
}

export const itemPath = (item) => `/v1/items/${encodeURIComponent(item)}`;
export const userPath = (user) => `/v1/users/${encodeURIComponent(user)}`;

// Server-sent events over fetch, since EventSource cannot send a key.
export function follow(path, onFigures, onState) {
  const stop = new AbortController();
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  (async () => {
    for (let pause = 500; !stop.signal.aborted; pause = Math.min(pause * 2, 10000)) {
      try {
        const response = await answered(path, { headers: headers({ Accept: "text/event-stream" }), signal: stop.signal });
        onState("live");
        pause = 500;
        await messages(response.body, onFigures);
      } catch (problem) {
        if (problem.status === 401 || problem.status === 403) return onState("no key");
      }
      if (!stop.signal.aborted) onState("lost");
      await wait(pause);
    }
  })();
  return () => stop.abort();
}

async function messages(body, onFigures) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const data = block.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim());
      if (data.length) onFigures(JSON.parse(data.join("\n")));
    }
  }
}
