// The page in another language: the views draw English, and what lands in the document is looked up
// before it is painted. Names (bdi, but for those
// of class own, which palate made of words), code and what somebody types stay as they are.
import { translator } from "./translator.js";

const KEPT = "bdi:not(.own), code, pre, script, style, textarea";
const ATTRIBUTES = ["aria-label", "title", "placeholder", "data-label"];
const TEXT = 3; // Node.TEXT_NODE
const first = new WeakMap(); // node -> place in it -> [the English, what stands there in its stead]

// The English of a text or an attribute: what is there, unless that is what we wrote.
function english(node, place, now) {
  const all = first.get(node) ?? first.set(node, new Map()).get(node);
  const known = all.get(place);
  if (!known || now !== known[1]) all.set(place, [now, now]);
  return all.get(place)[0];
}

function write(node, place, now, said) {
  first.get(node).get(place)[1] = said;
  if (said === now) return;
  if (place === "data") node.data = said;
  else node.setAttribute(place, said);
}

// Texts that follow each other are one sentence: the first holds it, the others are empty.
function texts(node, say) {
  if (!node.parentElement || node.parentElement.closest(KEPT)) return;
  let start = node;
  while (start.previousSibling?.nodeType === TEXT) start = start.previousSibling;
  const run = [];
  for (let one = start; one?.nodeType === TEXT; one = one.nextSibling) run.push(one);
  const whole = run.map((one) => english(one, "data", one.data)).join("");
  const plain = whole.replace(/\s+/g, " ");
  const said = say(plain);
  const changed = said !== plain;
  run.forEach((one, at) => write(one, "data", one.data, !changed ? english(one, "data", one.data) : at ? "" : said));
}

function attributes(element, say) {
  for (const name of ATTRIBUTES) {
    const now = element.getAttribute(name);
    if (now) write(element, name, now, say(english(element, name, now)));
  }
}

function below(node, say) {
  if (node.nodeType === TEXT) return texts(node, say);
  if (node.nodeType !== 1) return;
  attributes(node, say);
  for (const child of node.childNodes) below(child, say);
}

const { catalogue } = document.documentElement.dataset;
if (catalogue) {
  const say = translator(await (await fetch(catalogue)).json());
  const changed = (records) => {
    for (const { type, target, addedNodes } of records) {
      if (type === "characterData") texts(target, say);
      else if (type === "attributes") attributes(target, say);
      else addedNodes.forEach((node) => below(node, say));
    }
  };
  below(document.documentElement, say);
  new MutationObserver(changed).observe(document.documentElement, {
    subtree: true, childList: true, characterData: true, attributeFilter: ATTRIBUTES,
  });
}
