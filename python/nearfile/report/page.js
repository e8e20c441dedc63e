"use strict";
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const tip = document.getElementById("tip");
  const said = document.getElementById("said");
  const kept = (value) => {
    try {
      if (value) localStorage.setItem("nearfile-theme", value);
      return localStorage.getItem("nearfile-theme");
    } catch {
      return null; // a page of a file may have no storage
    }
  };

  // Light or dark: as the system has it until the button says otherwise.
  const button = document.getElementById("theme");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const show = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", `Show in ${isDark() ? "light" : "dark"} colours`);
  };
  const before = kept();
  if (before === "dark" || before === "light") root.dataset.theme = before;
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    kept(root.dataset.theme);
    show();
  });
  dark.addEventListener("change", show);
  show();

  // What is pointed at is told beside it. Text is set as text: an id is no markup.
  const tell = (text, x, y) => {
    tip.textContent = text;
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(6, Math.min(x + 14, innerWidth - box.width - 6))}px`;
    tip.style.top = `${y + 18 + box.height > innerHeight ? Math.max(6, y - box.height - 12) : y + 18}px`;
    tip.style.visibility = "visible";
  };
  const hush = () => (tip.style.visibility = "hidden");
  addEventListener("scroll", hush, { passive: true });

  const step = { ArrowRight: [1, 0], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowUp: [0, -1] };
  for (const svg of document.querySelectorAll("svg.wide, svg.narrow")) {
    const marks = [...svg.querySelectorAll("[data-tip]")];
    let at = -1;
    const leave = () => {
      marks.forEach((mark) => mark.classList.remove("on"));
      hush();
    };
    svg.addEventListener("pointermove", (event) => {
      const mark = event.target.closest("[data-tip]");
      if (mark) tell(mark.dataset.tip, event.clientX, event.clientY);
      else hush();
    });
    svg.addEventListener("pointerleave", leave);
    svg.addEventListener("blur", leave);
    svg.addEventListener("keydown", (event) => {
      if (event.key === "Escape") return leave();
      if (!step[event.key] || !marks.length) return;
      event.preventDefault();
      at = (at + (step[event.key][0] + step[event.key][1]) + marks.length + (at < 0 && step[event.key][0] < 0)) % marks.length;
      leave();
      marks[at].classList.add("on");
      const box = marks[at].getBoundingClientRect();
      tell(marks[at].dataset.tip, box.right, box.top);
      said.textContent = marks[at].dataset.tip.replaceAll("\n", ", ");
    });
  }

  const source = document.getElementById("map-data");
  if (!source) return;
  const map = JSON.parse(source.textContent);
  const svg = document.querySelector(".map svg");
  const ring = document.createElementNS(svg.namespaceURI, "circle");
  ring.id = "ring";
  ring.setAttribute("r", 7);
  let coloring = map.colorings[0];
  let current = -1;

  const draw = () => {
    svg.querySelectorAll(".points").forEach((path) => path.remove());
    const paths = coloring.labels.map(() => []);
    coloring.group.forEach((group, at) => paths[group].push(`M${map.x[at]} ${map.y[at]}h0`));
    const legend = document.getElementById("legend");
    legend.replaceChildren();
    paths.forEach((parts, group) => {
      const path = document.createElementNS(svg.namespaceURI, "path");
      path.setAttribute("class", `points ${coloring.classes[group]}`);
      path.setAttribute("d", parts.join(""));
      svg.insertBefore(path, ring.parentNode ? ring : null);
      const item = document.createElement("li");
      const key = document.createElement("button");
      const swatch = document.createElement("span");
      swatch.className = `swatch ${coloring.classes[group]}`;
      const many = document.createElement("span");
      many.className = "many";
      many.textContent = parts.length.toLocaleString("en");
      key.append(swatch, coloring.labels[group], many);
      key.setAttribute("aria-pressed", "false");
      key.addEventListener("click", () => {
        const on = key.getAttribute("aria-pressed") === "false";
        legend.querySelectorAll("button").forEach((each) => each.setAttribute("aria-pressed", "false"));
        key.setAttribute("aria-pressed", String(on));
        svg.querySelectorAll(".points").forEach((each) => each.classList.toggle("faint", on && each !== path));
        if (on) svg.insertBefore(path, ring.parentNode ? ring : null);
      });
      item.append(key);
      legend.append(item);
    });
  };
  const select = document.getElementById("coloring");
  select.addEventListener("change", () => {
    coloring = map.colorings[select.selectedIndex];
    draw();
  });
  draw();
  select.closest(".tools").hidden = false;

  const placed = (at) => new DOMPoint(map.x[at], map.y[at]).matrixTransform(svg.getScreenCTM());
  const choose = (at, aloud) => {
    current = at;
    ring.setAttribute("cx", map.x[at]);
    ring.setAttribute("cy", map.y[at]);
    svg.append(ring);
    const text = `${map.ids[at]}\n${coloring.name}: ${coloring.labels[coloring.group[at]]}`;
    const place = placed(at);
    tell(text, place.x, place.y);
    if (aloud) said.textContent = text.replace("\n", ", ");
  };
  const leave = () => {
    ring.remove();
    hush();
  };
  // The point whose cost is least; -1 where all costs are endless.
  const least = (cost) => {
    let best = -1;
    let so_far = Infinity;
    for (let at = 0; at < map.x.length; at++) {
      const now = cost(at);
      if (now < so_far) [best, so_far] = [at, now];
    }
    return best;
  };
  svg.addEventListener("pointermove", (event) => {
    const matrix = svg.getScreenCTM();
    const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    const near = least((at) => (map.x[at] - place.x) ** 2 + (map.y[at] - place.y) ** 2);
    const away = Math.hypot(map.x[near] - place.x, map.y[near] - place.y) * matrix.a;
    if (away < 24) choose(near, false);
    else leave();
  });
  svg.addEventListener("pointerleave", leave);
  svg.addEventListener("blur", leave);
  svg.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return leave();
    const way = step[event.key];
    if (!way) return;
    event.preventDefault();
    const [right, down] = way;
    const [x, y] = current < 0 ? [500, 300] : [map.x[current], map.y[current]];
    const next = least((at) => {
      const along = (map.x[at] - x) * right + (map.y[at] - y) * down;
      const aside = Math.abs((map.x[at] - x) * down) + Math.abs((map.y[at] - y) * right);
      if (current < 0) return Math.abs(along) + aside;
      return along > 0 && aside <= along ? along + 2 * aside : Infinity;
    });
    choose(next < 0 ? current : next, true);
  });
})();
