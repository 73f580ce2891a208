// Keys of the page of labels: the number of an option, s, u and Enter. Without it every button works.
"use strict";
let digits = "";
let waiting = 0;
function press(key) {
  const found = document.querySelector(`[data-key="${key}"]`);
  if (found) { found.click(); }
  return Boolean(found);
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) { return; }
  if (/^[0-9]$/.test(event.key)) {
    digits += event.key;
    clearTimeout(waiting);
    const more = document.querySelector(`[data-key^="${digits}"]:not([data-key="${digits}"])`);
    // of twelve options "1" may be the begin of "12"
    waiting = setTimeout(() => { press(digits); digits = ""; }, more ? 600 : 0);
    event.preventDefault();
  } else if (event.key === "s" || event.key === "u" || (event.key === "Enter" && event.target === document.body)) {
    if (press(event.key)) { event.preventDefault(); }
  }
});
