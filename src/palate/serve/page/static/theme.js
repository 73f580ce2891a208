// Before anything is drawn: the theme that was chosen, so that no page flashes.
const root = document.documentElement;
const stored = () => { try { return localStorage.getItem("palate-theme"); } catch { return null; } };
root.classList.add("js");
if (stored() === "dark" || stored() === "light") root.dataset.theme = stored();

addEventListener("DOMContentLoaded", () => {
  const button = document.getElementById("theme");
  const dark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const say = () => button.setAttribute("aria-label", dark() ? "Light colours" : "Dark colours");
  say();
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    try { localStorage.setItem("palate-theme", root.dataset.theme); } catch { /* for this page alone */ }
    say();
    dispatchEvent(new Event("palate-theme"));
  });
});
