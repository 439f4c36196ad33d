// Draws the figures of the page when they come into view, in the colors of the page, and lets tables be sorted.
"use strict";
(() => {
  const figures = JSON.parse(document.getElementById("chart-data").textContent);
  const root = document.documentElement;
  const drawn = new Map();

  function color(name) {
    return getComputedStyle(root).getPropertyValue("--" + name).trim();
  }

  // "@accent" in a figure is the color of that name of the page
  function colored(value) {
    if (typeof value === "string") return value.startsWith("@") ? color(value.slice(1)) : value;
    if (Array.isArray(value)) return value.map(colored);
    if (value && typeof value === "object" && !ArrayBuffer.isView(value)) {
      return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, colored(one)]));
    }
    return value;
  }

  function axis(given) {
    const plain = { gridcolor: color("grid"), zerolinecolor: color("line"), linecolor: color("line"), automargin: true };
    return { ...plain, ...given };
  }

  function layout(given) {
    const own = colored(given);
    for (const name of ["xaxis", "yaxis", ...Object.keys(own).filter((one) => /^[xy]axis\d+$/.test(one))]) {
      own[name] = axis(own[name]);
    }
    return {
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: color("ink"), size: 12, family: "system-ui, sans-serif" },
      hoverlabel: { bgcolor: color("panel"), bordercolor: color("line"), font: { color: color("ink") } },
      margin: { l: 56, r: 14, t: 14, b: 36 },
      dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
      ...own,
    };
  }

  const config = {
    responsive: true,
    displaylogo: false,
    modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d"],
  };

  function draw(place) {
    const name = place.dataset.chart;
    const figure = figures[name];
    const own = layout(figure.layout);
    if (drawn.get(place) === "log") own.yaxis.type = "log";
    Plotly.react(place, colored(figure.data), own, config);
  }

  const redraws = [() => drawn.forEach((_, place) => draw(place))];
  window.companion = { color, layout, config, redraws };

  const watcher = new IntersectionObserver(
    (seen) => {
      for (const one of seen) {
        if (!one.isIntersecting) continue;
        watcher.unobserve(one.target);
        drawn.set(one.target, "");
        draw(one.target);
      }
    },
    { rootMargin: "400px" },
  );
  document.querySelectorAll("[data-chart]").forEach((place) => watcher.observe(place));

  document.querySelectorAll("[data-log]").forEach((button) => {
    button.addEventListener("click", () => {
      const place = document.querySelector(`[data-chart="${button.dataset.log}"]`);
      const wanted = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(wanted));
      drawn.set(place, wanted ? "log" : "");
      draw(place);
    });
  });

  function themed(name) {
    if (name) root.dataset.theme = name;
    redraws.forEach((redraw) => redraw());
  }
  const dark = matchMedia("(prefers-color-scheme: dark)");
  document.getElementById("theme").addEventListener("click", () => {
    const now = root.dataset.theme || (dark.matches ? "dark" : "light");
    themed(now === "dark" ? "light" : "dark");
  });
  dark.addEventListener("change", () => themed(""));

  // what a cell is sorted by: its number, whatever stands around it, else its text
  function worth(cell) {
    const text = cell.textContent.trim();
    const number = /^[+-]?[\d,]*\.?\d+/.exec(text);
    if (text === "-" || text === "") return Number.NEGATIVE_INFINITY;
    return number && !/^\d{4}-\d\d/.test(text) ? Number(number[0].replaceAll(",", "")) : text;
  }

  function sorted(table, place, down) {
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [worth(row.cells[place]), row]);
    rows.sort(([a], [b]) => {
      const order = typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === "number" ? -1 : 1;
      return down ? -order : order;
    });
    body.append(...rows.map(([, row]) => row));
  }

  document.querySelectorAll("table.sorts").forEach((table) => {
    [...table.tHead.rows[0].cells].forEach((heading, place) => {
      const button = document.createElement("button");
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const down = heading.getAttribute("aria-sort") !== "descending";
        [...heading.parentNode.cells].forEach((one) => one.removeAttribute("aria-sort"));
        heading.setAttribute("aria-sort", down ? "descending" : "ascending");
        sorted(table, place, down);
      });
    });
  });
})();
