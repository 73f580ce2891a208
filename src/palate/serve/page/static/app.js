// The page: which view is shown, the figures that all of them share, and the keyboard.
import { html, render, useEffect, useRef, useState } from "./vendor/preact.js";
import { follow } from "./api.js";
import { Items } from "./items.js";
import { EnterKey, Keys } from "./keys.js";
import { Models } from "./models.js";
import { Now } from "./now.js";
import { People } from "./people.js";

const VIEWS = { now: Now, people: People, items: Items, models: Models, keys: Keys };
const KEPT = 300;

function place() {
  const [view, ...rest] = location.hash.slice(1).split("/");
  let id = rest.join("/");
  try { id = decodeURIComponent(id); } catch { /* as it is written */ }
  return { view: VIEWS[view] ? view : "now", id };
}

function useFigures(turn) {
  const [figures, setFigures] = useState(null);
  const [state, setState] = useState("connecting");
  const seconds = useRef([]);
  useEffect(() => follow("/v1/live?every=1", (found) => {
    const last = seconds.current.at(-1)?.time ?? -1;
    seconds.current = [...seconds.current, ...found.seconds.filter((one) => one.time > last)].slice(-KEPT);
    setFigures(found);
  }, setState), [turn]);
  return [figures, seconds.current, state];
}

const STATES = { live: "live", connecting: "connecting", lost: "no connection", "no key": "no key" };

const App = () => {
  const [where, setWhere] = useState(place);
  const [turn, setTurn] = useState(0);
  const [locked, setLocked] = useState(false);
  const [figures, seconds, state] = useFigures(turn);
  useEffect(() => {
    const moved = () => {
      setWhere(place());
      scrollTo(0, 0);
      document.getElementById("main").focus({ preventScroll: true });
    };
    const lock = () => setLocked(true);
    addEventListener("hashchange", moved);
    addEventListener("palate-no-key", lock);
    return () => { removeEventListener("hashchange", moved); removeEventListener("palate-no-key", lock); };
  }, []);
  useEffect(() => {
    for (const link of document.querySelectorAll(".top nav a")) {
      if (link.hash === `#${where.view}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    document.title = `${document.querySelector(".top nav [aria-current]")?.textContent ?? ""} · palate`;
  }, [where.view]);
  useEffect(() => {
    const mark = document.getElementById("connection");
    mark.dataset.state = state;
    mark.textContent = STATES[state];
  }, [state]);
  if (locked) return html`<${EnterKey} entered=${() => { setLocked(false); setTurn(turn + 1); }} />`;
  return html`<${VIEWS[where.view]} key=${turn} id=${where.id} figures=${figures} seconds=${seconds} />`;
};

// "/" goes to the search box, 1 to 5 to a view, unless somebody is typing.
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select")) return;
  const view = Object.keys(VIEWS)[Number(event.key) - 1];
  if (view) location.hash = `#${view}`;
  else if (event.key === "/") {
    event.preventDefault();
    const box = document.querySelector("[data-search]");
    if (box) box.focus();
    else { location.hash = "#items"; setTimeout(() => document.querySelector("[data-search]")?.focus(), 60); }
  }
});

const main = document.getElementById("main");
main.replaceChildren();
render(html`<${App} />`, main);
