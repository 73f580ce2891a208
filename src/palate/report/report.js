"use strict";
/* The page is whole without this script; with it one can choose, sort, filter, look up and zoom. */
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  // what the script says stands in the page, in the page's language; %1 and %2 are places
  const words = new Map();
  const say = (key, ...values) => {
    if (!words.size) all("#words li").forEach((item) => words.set(item.dataset.word, item.textContent));
    return values.reduce((text, value, i) => text.replace(`%${i + 1}`, () => value), words.get(key) || "");
  };
  const svgNode = (name, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    return node;
  };
  const node = (name, text, attributes = {}) => {
    const made = document.createElement(name);
    made.textContent = text;
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    return made;
  };

  // Light and dark: what the address requests, then what was chosen before, then what the system says.
  const stored = () => { try { return localStorage.getItem("palate-theme"); } catch { return null; } };
  const theme = new URLSearchParams(location.search).get("theme") || stored();
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  function themes() {
    one("#theme").addEventListener("click", () => {
      const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
      try { localStorage.setItem("palate-theme", root.dataset.theme); } catch { /* a file may not be allowed to store */ }
    });
  }

  // Hover and focus
  const tip = { show() {}, hide() {} };
  function tips() {
    const box = one("#tip");
    tip.hide = () => { box.hidden = true; };
    tip.show = (text, x, y) => {
      box.textContent = text;
      box.hidden = false;
      const { width, height } = box.getBoundingClientRect();
      box.style.left = `${Math.max(8, Math.min(x + 14, innerWidth - width - 8))}px`;
      box.style.top = `${y + 18 + height > innerHeight ? Math.max(8, y - height - 12) : y + 18}px`;
    };
    const tipped = (event) => event.target.closest && event.target.closest("[data-tip]");
    document.addEventListener("pointermove", (event) => {
      const target = tipped(event);
      if (target && target.dataset.tip) tip.show(target.dataset.tip, event.clientX, event.clientY);
      else if (!event.target.closest || !event.target.closest("#atlas")) tip.hide();
    });
    document.addEventListener("focusin", (event) => {
      const target = tipped(event);
      if (!target || !target.dataset.tip || !target.matches(":focus-visible")) return tip.hide();
      const place = target.getBoundingClientRect();
      return tip.show(target.dataset.tip, place.left + place.width / 3, place.bottom - 14);
    });
    document.addEventListener("focusout", () => tip.hide());
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") tip.hide(); });
    addEventListener("scroll", () => tip.hide(), { passive: true });
  }

  // Tables that sort by a column; the numbers stand in data-v, cells without one go last both ways.
  function sortBy(table, head, falling) {
    const column = [...head.parentNode.children].indexOf(head);
    const numeric = head.dataset.sort === "num";
    const key = (row) => {
      const cell = row.children[column];
      if (!numeric) return cell.textContent.trim().toLowerCase();
      return cell.dataset.v === "" ? null : Number(cell.dataset.v);
    };
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [key(row), row]);
    rows.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      return (numeric ? a - b : a.localeCompare(b)) * (falling ? -1 : 1);
    });
    body.append(...rows.map(([, row]) => row));
    for (const other of all("th", table.tHead)) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", falling ? "descending" : "ascending");
  }
  function sorting() {
    for (const table of all("table.sortable")) {
      for (const head of all("th[data-sort]", table.tHead)) {
        const button = node("button", head.textContent, { type: "button" });
        head.replaceChildren(button);
        button.addEventListener("click", () => {
          const now = head.getAttribute("aria-sort");
          sortBy(table, head, now ? now === "ascending" : head.dataset.sort === "num");
        });
      }
    }
  }

  // The chart at the head: one is drawn for each pair and metric, and one shown
  function lifts() {
    const charts = all(".lift-chart");
    const pair = one("#lift-pair"), metric = one("#lift-metric");
    if (!charts.length || !(pair || metric)) return;
    const fits = (chart) => (!pair || chart.dataset.pair === pair.value) && (!metric || chart.dataset.metric === metric.value);
    const choose = () => {
      const shown = charts.find(fits) || charts.find((c) => !pair || c.dataset.pair === pair.value);
      if (metric && shown) metric.value = shown.dataset.metric;
      for (const chart of charts) chart.hidden = chart !== shown;
    };
    for (const box of [pair, metric]) if (box) box.addEventListener("change", choose);
  }

  // The leaderboard: metric, slice, filter
  const minus = (text) => text.replace("-", "−");
  const written = (x) => (x === null || x === undefined ? "–" : minus(x.toFixed(Math.abs(x) < 10 ? 4 : 2)));
  const hits = (cell, x) => (cell && cell.empty && x === 0 ? "no hits" : written(x));
  const cellOf = (board, slice, metric) => board.cells[`${board.slices.indexOf(slice)}/${board.metrics.indexOf(metric)}`];

  const placed = (cell) => (x) => `${(100 * (x - cell.scale[0]) / (cell.scale[1] - cell.scale[0])).toFixed(2)}%`;

  function drawInterval(svg, cell, numbers) {
    const at = placed(cell), desc = one("desc", svg);
    desc.textContent = numbers ? numbers.slice(0, 3).map(written).join(", ") : "no value";
    const marks = cell.ticks.map((t) => svgNode("line", { x1: at(t), x2: at(t), y1: 0, y2: "100%", class: "grid" }));
    const [value, low, high] = numbers || [null, null, null];
    if (low !== null && high !== null) {
      marks.push(svgNode("line", { x1: at(low), x2: at(high), y1: "50%", y2: "50%", class: "whisker" }));
    }
    if (value !== null) marks.push(svgNode("circle", { cx: at(value), cy: "50%", r: 5.5, class: "dot" }));
    svg.replaceChildren(desc, ...marks);
  }
  function drawAxis(svg, cell) {
    const digits = Math.max(...cell.ticks.map((t) => (String(t).split(".")[1] || "").length), 0);
    const longest = Math.max(...cell.ticks.map((t) => minus(t.toFixed(digits)).length), 0) + 2;
    const step = Math.max(1, Math.ceil((cell.ticks.length * longest) / 52));
    const at = placed(cell), desc = one("desc", svg);
    desc.textContent = say("axis", ...cell.scale.map((x) => minus(x.toFixed(digits))));
    const labels = cell.ticks.filter((_, i) => i % step === 0).map((t) => {
      const label = svgNode("text", { x: at(t), y: 15 });
      label.textContent = minus(t.toFixed(digits));
      return label;
    });
    svg.replaceChildren(desc, ...labels);
  }
  function boards(board) {
    const table = one("#board");
    if (!board || !table) return;
    const metric = one("#board-metric"), slice = one("#board-slice"), filter = one("#board-filter");
    const nameOf = (box, otherwise) => (box && box.selectedOptions[0] ? box.selectedOptions[0].text : otherwise);
    const redraw = () => {
      const m = metric ? metric.value : board.metrics[0], s = slice ? slice.value : board.slices[0];
      const cell = cellOf(board, s, m) || { scale: [0, 1], ticks: [], rows: {} };
      for (const row of table.tBodies[0].rows) {
        const numbers = cell.rows[row.dataset.row] || null;
        const place = row.cells[2];
        drawInterval(one("svg", row), cell, numbers);
        place.dataset.v = numbers && numbers[0] !== null ? numbers[0] : "";
        one("b", place).textContent = hits(cell, numbers && numbers[0]);
        const known = numbers && numbers[1] !== null && numbers[2] !== null;
        one(".interval", place).textContent = known && !cell.empty ? `[${written(numbers[1])}, ${written(numbers[2])}]` : "";
      }
      drawAxis(one("tfoot svg", table), cell);
      const where = nameOf(slice, board.slices[0]).toLowerCase();
      one("caption", table).textContent = say("board", nameOf(metric, board.metrics[0]), where);
      sortBy(table, all("th", table.tHead)[2], true);
    };
    const sieve = () => {
      const kinds = new Set(all("[data-kind]").filter((box) => box.checked).map((box) => box.dataset.kind));
      const boxes = all("[data-kind]").map((box) => box.dataset.kind);
      const wanted = filter.value.trim().toLowerCase();
      let shown = 0;
      for (const row of table.tBodies[0].rows) {
        const kind = boxes.find((k) => row.classList.contains(k));
        row.hidden = (kind && !kinds.has(kind)) || !row.cells[0].textContent.toLowerCase().includes(wanted);
        shown += !row.hidden;
      }
      one("#board-empty").hidden = shown > 0;
    };
    for (const box of [metric, slice]) if (box) box.addEventListener("change", redraw);
    for (const box of [filter, ...all("[data-kind]")]) box.addEventListener("input", sieve);
  }
  function slices(board) {
    const box = one("#slice-metric"), table = one("#by-slice");
    if (!board || !box || !table) return;
    box.addEventListener("change", () => {
      const cells = board.slices.map((slice) => cellOf(board, slice, box.value) || { rows: {} });
      const columns = cells.map((cell) => cell.rows);
      const best = columns.map((rows) => Math.max(0, ...Object.values(rows).map((n) => n[0] ?? 0)));
      for (const row of table.tBodies[0].rows) {
        columns.forEach((rows, i) => {
          const cell = row.cells[i + 1], value = rows[row.dataset.row] ? rows[row.dataset.row][0] : null;
          cell.textContent = hits(cells[i], value);
          cell.dataset.v = value ?? "";
          cell.classList.toggle("best", value !== null && value === best[i] && best[i] > 0);
          cell.style.setProperty("--share", `${value > 0 && best[i] > 0 ? (100 * value) / best[i] : 0}%`);
        });
      }
      one("caption", table).textContent = say("slices", box.selectedOptions[0].text);
    });
  }

  // Above a few thousand dots a drawing that moves has to be a canvas; the svg stays on top for marks and pointers.
  function painter(svg, points, viewOf) {
    const canvas = node("canvas", "", { "aria-hidden": "true" });
    svg.before(canvas);
    svg.classList.add("over");
    let scheduled = false;
    const draw = () => {
      scheduled = false;
      const { width, height } = svg.getBoundingClientRect(), sharp = devicePixelRatio || 1, view = viewOf();
      if (!width) return;
      canvas.width = width * sharp;
      canvas.height = height * sharp;
      const context = canvas.getContext("2d"), zoom = canvas.width / view[2];
      const layer = all("[data-layer]", svg).find((g) => !g.hasAttribute("hidden"));
      const of = layer.dataset.layer === "label" ? points.group : points.bin;
      for (const path of all("path", layer)) {
        const style = getComputedStyle(path), size = parseFloat(style.strokeWidth) * sharp, group = Number(path.dataset.group);
        context.globalAlpha = Number(style.opacity);
        context.fillStyle = style.stroke;
        context.beginPath();
        for (let i = 0; i < of.length; i += 1) {
          const x = (points.x[i] - view[0]) * zoom, y = (points.y[i] - view[1]) * zoom;
          if (of[i] !== group || x < -size || y < -size || x > canvas.width + size || y > canvas.height + size) continue;
          context.moveTo(x + size / 2, y);
          context.arc(x, y, size / 2, 0, 7);
        }
        context.fill();
      }
    };
    const soon = () => { if (!scheduled) { scheduled = true; requestAnimationFrame(draw); } };
    const changes = new MutationObserver(soon);
    changes.observe(root, { attributes: true, attributeFilter: ["data-theme"] });
    changes.observe(svg, { attributes: true, subtree: true, attributeFilter: ["class", "hidden"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", soon);
    new ResizeObserver(soon).observe(svg);
    return soon;
  }

  // The map
  function atlas(points) {
    const svg = one("#atlas");
    if (!points || !svg) return;
    const n = points.x.length;
    const whole = svg.dataset.whole.split(" ").map(Number);
    let view = svg.getAttribute("viewBox").split(" ").map(Number);
    let moved = 0;
    const found = svgNode("path", { class: "found" }), ring = svgNode("path", { class: "ring" });
    const core = svgNode("path", { class: "core" }), card = one("#map-card");
    svg.append(found, ring, core);
    svg.setAttribute("tabindex", "0");

    const paint = n > 3000 ? painter(svg, points, () => view) : () => {};
    const frame = () => { svg.setAttribute("viewBox", view.map((v) => v.toFixed(1)).join(" ")); paint(); };
    const perPixel = () => view[2] / svg.getBoundingClientRect().width;
    const toMap = (event) => {
      const box = svg.getBoundingClientRect();
      return [view[0] + (event.clientX - box.left) * perPixel(), view[1] + (event.clientY - box.top) * perPixel()];
    };
    const settle = () => {
      for (const i of [0, 1]) view[i] = Math.max(whole[i] - view[i + 2] / 2, Math.min(view[i], whole[i + 2] - view[i + 2] / 2));
      frame();
    };
    const zoom = (factor, centre) => {
      if (!factor) { view = [...whole]; return frame(); }
      const width = Math.max(whole[2] / 60, Math.min(whole[2], view[2] / factor)), by = width / view[2];
      const [x, y] = centre || [view[0] + view[2] / 2, view[1] + view[3] / 2];
      view = [x - (x - view[0]) * by, y - (y - view[1]) * by, width, view[3] * by];
      return settle();
    };
    const nearest = (x, y, k = 1, within = Infinity) => {
      const near = [];
      for (let i = 0; i < n; i += 1) {
        const d = (points.x[i] - x) ** 2 + (points.y[i] - y) ** 2;
        if (d < within && (near.length < k || d < near[near.length - 1][0])) {
          near.push([d, i]);
          near.sort((a, b) => a[0] - b[0]);
          near.length = Math.min(near.length, k);
        }
      }
      return near.map(([, i]) => i);
    };
    const dot = (i) => `M${points.x[i]} ${points.y[i]}h1`;
    const seen = (count) => {
      if (!count) return count === 0 ? say("never") : "";
      return count === 1 ? say("once") : say("times", count.toLocaleString("en"));
    };
    const facts = (i) => [points.labels[points.label[i]], seen(points.count[i])].filter(Boolean).join(" · ");
    const mark = (i) => { for (const path of [ring, core]) path.setAttribute("d", i === null ? "" : dot(i)); };
    const choices = (indices) => {
      const list = node("ul", "");
      for (const i of indices) {
        const button = node("button", points.title[i], { type: "button", title: facts(i) });
        button.addEventListener("click", () => select(i));
        const line = node("li", "");
        line.append(button);
        list.append(line);
      }
      return list;
    };
    function select(i) {
      mark(i);
      const neighbours = nearest(points.x[i], points.y[i], 9).filter((j) => j !== i).slice(0, 8);
      const heads = [node("h3", points.title[i], { dir: "auto" }), node("small", facts(i))];
      card.replaceChildren(...heads, node("p", say("near"), { class: "note" }), choices(neighbours));
    }

    const pointers = new Map();
    let gap = 0;
    const spread = () => { const [a, b] = [...pointers.values()]; return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY); };
    svg.addEventListener("pointerdown", (event) => {
      pointers.set(event.pointerId, event);
      moved = 0;
      if (pointers.size === 2) gap = spread();
    });
    svg.addEventListener("pointermove", (event) => {
      const before = pointers.get(event.pointerId);
      if (before) {
        pointers.set(event.pointerId, event);
        moved += Math.abs(event.clientX - before.clientX) + Math.abs(event.clientY - before.clientY);
        if (pointers.size === 2) {
          const now = spread();
          zoom(now / (gap || now), toMap(event));
          gap = now;
        } else if (moved > 4) {
          svg.classList.add("moving");
          if (!svg.hasPointerCapture(event.pointerId)) svg.setPointerCapture(event.pointerId);
          view[0] -= (event.clientX - before.clientX) * perPixel();
          view[1] -= (event.clientY - before.clientY) * perPixel();
          settle();
        }
        return;
      }
      const [i] = nearest(...toMap(event), 1, (12 * perPixel()) ** 2);
      if (i === undefined) tip.hide();
      else tip.show(`${points.title[i]}\n${facts(i)}`, event.clientX, event.clientY);
    });
    const release = (event) => { pointers.delete(event.pointerId); svg.classList.remove("moving"); };
    for (const kind of ["pointerup", "pointercancel", "lostpointercapture"]) svg.addEventListener(kind, release);
    svg.addEventListener("pointerleave", () => tip.hide());
    svg.addEventListener("click", (event) => {
      if (moved > 4) return;
      const [i] = nearest(...toMap(event), 1, (16 * perPixel()) ** 2);
      if (i !== undefined) select(i);
    });
    // A wheel alone scrolls the page, as everywhere; with Ctrl, which is also what a pinch on a trackpad sends, it zooms.
    svg.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(Math.exp(-event.deltaY / 300), toMap(event));
    }, { passive: false });
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-0.15, 0], ArrowRight: [0.15, 0], ArrowUp: [0, -0.15], ArrowDown: [0, 0.15] }[event.key];
      if (step) { view[0] += step[0] * view[2]; view[1] += step[1] * view[3]; settle(); }
      else if (event.key === "+" || event.key === "=") zoom(1.6);
      else if (event.key === "-") zoom(0.625);
      else if (event.key === "0") zoom(0);
      else return;
      event.preventDefault();
    });
    for (const button of all("[data-zoom]")) button.addEventListener("click", () => zoom(Number(button.dataset.zoom)));

    const search = one("#map-search");
    search.addEventListener("input", () => {
      const wanted = search.value.trim().toLowerCase();
      const hits = wanted.length < 2 ? [] : points.title.flatMap((title, i) => (title.toLowerCase().includes(wanted) ? [i] : []));
      found.setAttribute("d", hits.map(dot).join(""));
      mark(null);
      card.replaceChildren();
      if (wanted.length < 2) return;
      const count = hits.length === 1 ? say("item") : say(hits.length > 12 ? "first" : "items", hits.length.toLocaleString("en"));
      card.append(node("p", count, { class: "note" }), choices(hits.slice(0, 12)));
    });
    const colour = one("#map-colour");
    if (colour) colour.addEventListener("change", () => {
      for (const part of all("[data-layer]")) part.toggleAttribute("hidden", part.dataset.layer !== colour.value);
      for (const part of all("[data-legend]")) part.hidden = part.dataset.legend !== colour.value;
    });
    for (const legend of all("[data-legend]")) {
      const paths = all(`[data-layer="${legend.dataset.legend}"] .dots`), buttons = all("button", legend);
      for (const button of buttons) {
        button.disabled = false;
        const swatch = one("i", button).className;
        button.addEventListener("click", () => {
          const on = button.getAttribute("aria-pressed") !== "true";
          for (const other of buttons) other.setAttribute("aria-pressed", String(on && other === button));
          for (const path of paths) path.classList.toggle("dim", on && !path.classList.contains(swatch));
        });
      }
    }
  }

  // One user at a time
  function users() {
    const panels = all("article.user"), box = one("#user");
    if (!box || !panels.length) return;
    const show = (i) => {
      box.selectedIndex = (i + panels.length) % panels.length;
      panels.forEach((panel, j) => { panel.hidden = j !== box.selectedIndex; });
    };
    box.addEventListener("change", () => show(box.selectedIndex));
    one("#user-back").addEventListener("click", () => show(box.selectedIndex - 1));
    one("#user-next").addEventListener("click", () => show(box.selectedIndex + 1));
    show(0);
  }

  function copying() {
    const button = one("#copy"), text = one("#recipe-text");
    if (!button || !navigator.clipboard) return button && button.remove();
    return button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = say("copied");
      setTimeout(() => { button.textContent = say("copy"); }, 1500);
    });
  }
  function wayfinding() {
    const links = new Map(all(".top nav a").map((link) => [link.hash.slice(1), link]));
    const watch = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        for (const [id, link] of links) {
          if (id === entry.target.id) link.setAttribute("aria-current", "true");
          else link.removeAttribute("aria-current");
        }
      }
    }, { rootMargin: "-15% 0px -75% 0px" });
    for (const part of all("main > section")) watch.observe(part);
  }

  document.addEventListener("DOMContentLoaded", () => {
    const numbers = JSON.parse(one("#numbers").textContent);
    themes(); tips(); sorting(); lifts(); boards(numbers.leaderboard); slices(numbers.leaderboard);
    atlas(numbers.map); users(); copying(); wayfinding();
  });
})();
