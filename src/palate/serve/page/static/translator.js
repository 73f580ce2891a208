// Sentences of one language: the same look-up as palate.translation, for a page that draws itself. A
// test compares the two.
const STRONG = 12; // letters of a pattern from which on what stands in its places does not decide
const ENDS = { ".": "\u3002", ":": "\uff1a", "?": "\uff1f" };
const SENTENCES = /(?<=[.!?])(?<!e\.g\.) (?=[A-Za-z0-9"])/;
const WORDS = /[A-Za-z]{2,} [A-Za-z]{2,}/;
const PLACE = /\{(\w+)\}/g;

const forms = (text) => [text, text[0].toLowerCase() + text.slice(1), text[0].toUpperCase() + text.slice(1)];

// catalogue: {exact: {English: other}, patterns: [[regex, literal, weight, target, ends open], ...]}
export function translator(catalogue) {
  const exact = new Map(Object.entries(catalogue.exact));
  const patterns = catalogue.patterns.map(([regex, literal, weight, target, open]) =>
    ({ regex: new RegExp(`^(?:${regex})$`, "s"), literal, weight, target, open }));
  const known = new Map();

  function filled(pattern, given) {
    const said = { ...given };
    for (const [name, text] of Object.entries(given)) {
      const kind = name.replace(/[0-9]+$/, "");
      if (!text || kind !== kind.toUpperCase() || kind === kind.toLowerCase()) continue;
      said[name] = line(text);
      if (pattern.weight < STRONG && WORDS.test(said[name])) return null;
    }
    return pattern.target.replace(PLACE, (_, name) => said[name] ?? "");
  }

  function found(text) {
    const each = forms(text);
    for (const form of each) if (exact.has(form)) return { said: exact.get(form), weight: Infinity, open: false };
    for (const pattern of patterns) {
      for (const form of each) {
        const match = form.includes(pattern.literal) ? pattern.regex.exec(form) : null;
        const said = match && filled(pattern, match.groups ?? {});
        if (said != null) return { said, weight: pattern.weight, open: pattern.open };
      }
    }
    return null;
  }

  // With its end or without, by whichever entry says more of it.
  function sentence(text) {
    const whole = found(text);
    const bare = text.at(-1) in ENDS && text.length > 1 ? found(text.slice(0, -1)) : null;
    const without = bare && (!whole || bare.weight > whole.weight || (bare.weight === whole.weight && bare.open));
    return without ? bare.said + ENDS[text.at(-1)] : whole?.said ?? null;
  }

  function sentences(text) {
    const each = text.split(SENTENCES);
    const said = each.map(sentence);
    if (each.length === 1 || exact.has(text) || said.every((one) => !one)) return null;
    return said.reduce((all, one, at) => {
      const follows = all && !(Object.values(ENDS).includes(all.at(-1)) && one);
      return all + (follows ? " " : "") + (one || each[at]);
    }, "");
  }

  function line(text) {
    const bare = text.trim();
    if (!/\p{L}/u.test(bare)) return text;
    if (!known.has(bare)) known.set(bare, sentences(bare) || sentence(bare) || bare);
    return text.slice(0, text.length - text.trimStart().length) + known.get(bare) + text.slice(text.trimEnd().length);
  }

  return (text) => text.split("\n").map(line).join("\n");
}
