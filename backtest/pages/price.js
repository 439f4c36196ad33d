// The price of a run to look around in. Which candles are drawn follows from how much of the time is in view.
"use strict";
(() => {
  const panel = document.getElementById("explorer");
  if (!panel) return;
  const { color, layout, config, redraws } = window.companion;
  const data = JSON.parse(document.getElementById("price-data").textContent);
  const trips = data.trips;
  const count = trips.opened.length;
  const place = panel.querySelector(".plot");
  const [picker, before, after, whole, told] = ["symbol", "before", "after", "whole", "told"].map((name) =>
    panel.querySelector(`[data-is="${name}"]`),
  );
  const FEW = 60;
  const MANY = 1200;
  const [MONTH, QUARTER, YEAR] = [2629746, 7889238, 31556952];
  const ROWS = 20;
  const KINDS = { f8: Float64Array, i4: Int32Array, u4: Uint32Array };
  let view = null;
  let chosen = -1;
  let busy = false;

  function numbers(given) {
    if (!given.bdata) return [];
    const bytes = Uint8Array.from(atob(given.bdata), (one) => one.charCodeAt(0));
    return new KINDS[given.dtype](bytes.buffer);
  }

  // decoded when a symbol is first looked at
  function opened(symbol) {
    if (symbol.ready) return symbol;
    for (const layer of symbol.layers) {
      for (const name of ["time", "open", "high", "low", "close"]) layer[name] = numbers(layer[name]);
    }
    for (const name of ["from", "until", "events"]) symbol.blackouts[name] = numbers(symbol.blackouts[name]);
    symbol.ready = true;
    return symbol;
  }

  const levels = Object.fromEntries(Object.entries(data.levels).map(([name, one]) => [name, numbers(one)]));
  const levelsOf = new Map();
  levels.trip.forEach((trip, row) => levelsOf.set(trip, [...(levelsOf.get(trip) || []), row]));

  function firstAt(times, wanted) {
    let low = 0;
    let high = times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (times[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function span(symbol) {
    const widest = opened(symbol).layers[0];
    return [widest.time[0], widest.time[widest.time.length - 1] + widest.seconds];
  }

  function covers(layer, from, until) {
    return !layer.spans.length || layer.spans.some(([first, last]) => first <= from && until <= last);
  }

  // the finest candles that cover the view and are not too many to be told apart
  function layerFor(symbol, from, until) {
    const most = Math.max(160, place.clientWidth / 1.8);
    const fitting = symbol.layers.filter(
      (layer) => covers(layer, from, until) && firstAt(layer.time, until) - firstAt(layer.time, from) <= most,
    );
    return fitting[fitting.length - 1] || symbol.layers[0];
  }

  const ms = (seconds) => seconds * 1000;
  const stamp = (seconds) => new Date(ms(seconds)).toISOString().slice(0, 16).replace("T", " ");

  function candles(symbol, layer, from, until) {
    const first = Math.max(0, firstAt(layer.time, from - layer.seconds));
    const last = Math.min(layer.time.length, firstAt(layer.time, until));
    const unit = 10 ** -symbol.digits;
    const prices = (name) => Array.from(layer[name].subarray(first, last), (points) => points * unit);
    const times = layer.time.subarray(first, last);
    const trace = {
      type: "candlestick",
      x: Array.from(times, ms),
      open: prices("open"),
      high: prices("high"),
      low: prices("low"),
      close: prices("close"),
      name: layer.name,
      showlegend: false,
      line: { width: 1 },
      increasing: { line: { color: color("up") }, fillcolor: color("upsoft") },
      decreasing: { line: { color: color("down") }, fillcolor: color("downsoft") },
      hoverinfo: "x+y",
      xhoverformat: "%Y-%m-%d %H:%M",
      yhoverformat: `.${symbol.digits}f`,
    };
    return [trace, breaks(times, layer.seconds), ticks(times, layer.seconds)];
  }

  // where a day begins, or a month, or four hours: as many as there is room for, none beside another
  function ticks(times, seconds) {
    const room = Math.max(3, Math.floor(place.clientWidth / 110));
    const units = [3600, 14400, 86400, 604800, MONTH, QUARTER, YEAR].filter((unit) => unit > seconds);
    const date = (time) => new Date(ms(time));
    const turn = (time, unit) => {
      const month = date(time).getUTCFullYear() * 12 + date(time).getUTCMonth();
      if (unit >= MONTH) return Math.floor(month / { [MONTH]: 1, [QUARTER]: 3, [YEAR]: 12 }[unit]);
      return Math.floor((time - (unit === 604800 ? 259200 : 0)) / unit);
    };
    let found = [];
    for (const unit of units) {
      found = [];
      for (let row = 1; row < times.length; row += 1) {
        if (turn(times[row], unit) !== turn(times[row - 1], unit)) found.push(row);
      }
      if (found.length && found.length <= 3 * room) break;
    }
    const apart = times.length / (1.4 * room);
    const kept = [];
    for (const row of found) if (!kept.length || row - kept[kept.length - 1] >= apart) kept.push(row);
    const named = (row, place) => {
      const time = date(times[row]);
      const day = time.toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
      const year = time.getUTCFullYear();
      const clock = time.toISOString().slice(11, 16);
      const shown = clock === "00:00" || seconds >= 86400 ? day : place && clock !== "00:00" ? `${clock}<br>${day}` : day;
      const before = place ? date(times[kept[place - 1]]).getUTCFullYear() : 0;
      return year === before ? shown : `${shown}<br>${year}`;
    };
    return { tickvals: kept.map((row) => ms(times[row])), ticktext: kept.map(named), tickangle: 0 };
  }

  // weekends and nights without quotes take no room
  function breaks(times, seconds) {
    const found = [];
    if (seconds >= 86400) return found;
    for (let row = 1; row < times.length; row += 1) {
      const begin = times[row - 1] + seconds;
      if (times[row] - begin > Math.max(10800, 3 * seconds)) found.push({ bounds: [ms(begin), ms(times[row])] });
    }
    return found;
  }

  const ended = (trip, end) => trips.closed[trip] || end;

  function within(from, until, number, end) {
    const found = [];
    for (let trip = 0; trip < count; trip += 1) {
      if (trips.symbol[trip] !== number) continue;
      if (trips.opened[trip] <= until && ended(trip, end) >= from) found.push(trip);
    }
    return found;
  }

  function words(trip, symbol) {
    const side = trips.side[trip] > 0 ? "buy" : "sell";
    const r = trips.r[trip] === null ? "" : `, ${trips.r[trip].toFixed(2)} R`;
    const price = trips.open[trip].toFixed(symbol.digits);
    return `${side} ${trips.lots[trip]} at ${price}, ${trips.exits[trips.exit[trip]]}<br>${money(trips.profit[trip])}${r}`;
  }

  function money(value) {
    const text = Math.abs(value).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    return (value > 0 ? "+" : value < 0 ? "-" : "") + text;
  }

  function markers(found, symbol, name, style, ofTrip) {
    return {
      type: "scatter",
      mode: "markers",
      name,
      x: found.map((trip) => ms(ofTrip.time(trip))),
      y: found.map(ofTrip.price),
      text: found.map((trip) => words(trip, symbol)),
      customdata: found,
      hovertemplate: `%{x|%Y-%m-%d %H:%M}<br>%{text}<extra>${name}</extra>`,
      marker: { line: { width: 1, color: color("panel") }, ...style, size: found.length > 150 ? 7 : 10 },
    };
  }

  function tripTraces(seen, symbol, end) {
    const size = (trip) => Math.abs(trips.profit[trip]);
    const found = seen.length > MANY ? [...seen].sort((a, b) => size(b) - size(a)).slice(0, MANY) : seen;
    const entry = { time: (trip) => trips.opened[trip], price: (trip) => trips.open[trip] };
    const exit = { time: (trip) => trips.closed[trip], price: (trip) => trips.close[trip] };
    const sided = (side) => found.filter((trip) => trips.side[trip] === side);
    const closed = (won) => found.filter((trip) => trips.closed[trip] && trips.profit[trip] > 0 === won);
    const traces = [
      markers(sided(1), symbol, "buy", { symbol: "triangle-up", color: color("accent") }, entry),
      markers(sided(-1), symbol, "sell", { symbol: "triangle-down", color: color("blend") }, entry),
      markers(closed(true), symbol, "exit with a gain", { symbol: "x", color: color("up") }, exit),
      markers(closed(false), symbol, "exit with a loss", { symbol: "x", color: color("down") }, exit),
    ];
    return found.length > FEW ? traces : [...courses(found, end), ...traces];
  }

  // stops and targets as steps, and a line from entry to exit
  function courses(found, end) {
    const path = { x: [], y: [] };
    const stops = { x: [], y: [] };
    const targets = { x: [], y: [] };
    const put = (line, points) => {
      points.forEach(([x, y]) => {
        line.x.push(ms(x));
        line.y.push(y);
      });
      line.x.push(null);
      line.y.push(null);
    };
    for (const trip of found) {
      const rows = levelsOf.get(trip) || [];
      const last = ended(trip, end);
      for (const [line, of] of [
        [stops, levels.sl],
        [targets, levels.tp],
      ]) {
        const points = rows.filter((row) => of[row] > 0).map((row) => [levels.time[row], of[row]]);
        if (points.length) put(line, [...points, [last, points[points.length - 1][1]]]);
      }
      if (trips.closed[trip]) put(path, [[trips.opened[trip], trips.open[trip]], [last, trips.close[trip]]]);
    }
    const line = (name, points, style, shape) => ({
      type: "scatter",
      mode: "lines",
      name,
      ...points,
      line: { width: 1.5, shape, ...style },
      hovertemplate: `%{y}<extra>${name}</extra>`,
      connectgaps: false,
    });
    return [
      line("entry to exit", path, { color: color("muted"), dash: "dash", width: 1 }, "linear"),
      line("stop", stops, { color: color("down") }, "hv"),
      line("target", targets, { color: color("target"), dash: "dot" }, "hv"),
    ];
  }

  function shaded(symbol, from, until) {
    const all = symbol.blackouts;
    const x = [];
    const y = [];
    const text = [];
    for (let row = 0; row < all.from.length && x.length < 4000; row += 1) {
      if (all.until[row] <= from || all.from[row] >= until) continue;
      const [first, last] = [ms(Math.max(all.from[row], from)), ms(Math.min(all.until[row], until))];
      x.push(first, first, last, last, null);
      y.push(0, 1, 1, 0, null);
      const name = all.names[all.events[row]].replaceAll("<", "&lt;");
      text.push(name, name, name, name, "");
    }
    return {
      type: "scatter",
      mode: "lines",
      name: "news window",
      x,
      y,
      text,
      yaxis: "y2",
      fill: "toself",
      fillcolor: color("blackout"),
      line: { width: 0 },
      hoveron: "points",
      hovertemplate: "%{text}<extra>news window</extra>",
      visible: x.length ? true : "legendonly",
      showlegend: all.from.length > 0,
    };
  }

  function draw() {
    const number = Number(picker.value);
    const symbol = opened(data.symbols[number]);
    const [first, end] = span(symbol);
    if (!view) view = [first, end];
    const [from, until] = view;
    const layer = layerFor(symbol, from, until);
    const [price, rangebreaks, marks] = candles(symbol, layer, from, until);
    const found = within(from, until, number, end);
    const own = layout({
      xaxis: {
        type: "date",
        range: [ms(from), ms(until)],
        rangebreaks,
        ...marks,
        rangeslider: { visible: false },
        hoverformat: "%Y-%m-%d %H:%M",
      },
      yaxis: { fixedrange: true, tickformat: `.${symbol.digits}f`, side: "right" },
      yaxis2: { overlaying: "y", range: [0, 1], visible: false, fixedrange: true },
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
      hovermode: "closest",
      showlegend: place.clientWidth > 560,
      margin: { l: 14, r: 64, t: 30, b: 36 },
    });
    busy = true;
    Plotly.react(place, [shaded(symbol, from, until), price, ...tripTraces(found, symbol, end)], own, {
      ...config,
      scrollZoom: false,
    }).then(() => {
      busy = false;
    });
    const many = found.length > MANY ? `, the ${MANY} largest are drawn` : "";
    const lines = found.length > FEW ? "; zoom in for stops and targets" : "";
    const trip = `${found.length.toLocaleString("en-US")} round trip${found.length === 1 ? "" : "s"}`;
    told.textContent = `${layer.name} candles, ${stamp(from)} to ${stamp(until)}, ${trip}${many}${lines}`;
    whole.disabled = from <= first && until >= end;
  }

  const seconds = (text) => (typeof text === "number" ? text : Date.parse(`${text.replace(" ", "T")}Z`)) / 1000;

  function moved(change) {
    if (busy) return;
    if (change["xaxis.autorange"]) view = null;
    else if (change["xaxis.range[0]"] !== undefined) {
      view = [seconds(change["xaxis.range[0]"]), seconds(change["xaxis.range[1]"])];
      if (view[1] - view[0] < 10 * data.clocks.chart) view[1] = view[0] + 10 * data.clocks.chart;
    } else return;
    draw();
  }

  // some candles before a round trip and after it; by their number, since over a weekend there are none
  function around(trip, symbol) {
    const [first, end] = span(symbol);
    const [from, until] = [trips.opened[trip], ended(trip, end)];
    const bars = data.clocks.margin - 5;
    const layer = [...symbol.layers].reverse().find((one) => covers(one, from, until));
    const inside = layer.spans.find((one) => one[0] <= from && until <= one[1]) || [first, end];
    const last = layer.time.length - 1;
    const at = (time, step) => layer.time[Math.min(Math.max(firstAt(layer.time, time) + step, 0), last)];
    return [Math.max(inside[0], at(from, -bars)), Math.min(inside[1], at(until, bars))];
  }

  function show(trip) {
    chosen = trip;
    picker.value = String(trips.symbol[trip]);
    view = around(trip, opened(data.symbols[trips.symbol[trip]]));
    draw();
    mark();
  }

  // -- the list ---------------------------------------------------------------------------------------------------

  const body = panel.querySelector("tbody");
  const pages = panel.querySelector('[data-is="pages"]');
  const [outcome, exit, side] = ["outcome", "exit", "side"].map((name) => panel.querySelector(`[data-is="${name}"]`));
  const headings = [...panel.querySelectorAll("thead th")];
  let page = 0;
  let by = "opened";
  let down = false;

  trips.exits.forEach((name, number) => exit.append(new Option(name, String(number))));
  data.symbols.forEach((symbol, number) => picker.append(new Option(symbol.name, String(number))));
  picker.hidden = data.symbols.length < 2;

  function held(trip) {
    if (!trips.closed[trip]) return "-";
    const lasted = trips.closed[trip] - trips.opened[trip];
    if (lasted >= 86400) return `${(lasted / 86400).toFixed(1)} days`;
    return lasted >= 3600 ? `${(lasted / 3600).toFixed(1)} h` : `${Math.round(lasted / 60)} min`;
  }

  const KEYS = {
    held: (trip) => (trips.closed[trip] ? trips.closed[trip] - trips.opened[trip] : Infinity),
    symbol: (trip) => data.symbols[trips.symbol[trip]]?.name ?? "",
    exit: (trip) => trips.exits[trips.exit[trip]],
  };

  function listed() {
    const key = KEYS[by] || ((trip) => trips[by][trip] ?? Number.NEGATIVE_INFINITY);
    const wanted = {
      won: (trip) => trips.closed[trip] && trips.profit[trip] > 0,
      lost: (trip) => trips.closed[trip] && trips.profit[trip] < 0,
      open: (trip) => !trips.closed[trip],
    }[outcome.value];
    const found = [];
    for (let trip = 0; trip < count; trip += 1) {
      if (wanted && !wanted(trip)) continue;
      if (exit.value && trips.exit[trip] !== Number(exit.value)) continue;
      if (side.value && trips.side[trip] !== Number(side.value)) continue;
      found.push(trip);
    }
    const order = (a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : a - b);
    return found.sort((a, b) => (down ? order(b, a) : order(a, b)));
  }

  const rounded = (value, digits, sign) =>
    value === null ? "-" : `${sign && value > 0 ? "+" : ""}${value.toFixed(digits)}`;

  function cellsOf(trip) {
    const symbol = data.symbols[trips.symbol[trip]];
    const digits = symbol ? symbol.digits : 5;
    return [
      symbol ? symbol.name : "-",
      trips.side[trip] > 0 ? "buy" : "sell",
      String(trips.lots[trip]),
      trips.open[trip].toFixed(digits),
      rounded(trips.close[trip], digits),
      trips.exits[trips.exit[trip]],
      held(trip),
      rounded(trips.mae[trip], 2),
      rounded(trips.mfe[trip], 2),
      rounded(trips.r[trip], 2, true),
      money(trips.profit[trip]),
    ];
  }

  function rowOf(trip) {
    const row = document.createElement("tr");
    row.dataset.trip = String(trip);
    row.className = "goes";
    const heading = document.createElement("th");
    heading.scope = "row";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain";
    button.textContent = stamp(trips.opened[trip]);
    heading.append(button);
    row.append(heading);
    cellsOf(trip).forEach((text, place) => {
      const cell = document.createElement("td");
      cell.textContent = text;
      cell.className = headings[place + 1].className;
      if (place >= 9 && /[1-9]/.test(text)) cell.classList.add(text.startsWith("-") ? "down" : "up");
      row.append(cell);
    });
    row.addEventListener("click", () => {
      show(trip);
      panel.scrollIntoView({ block: "start" });
    });
    return row;
  }

  function mark() {
    for (const row of body.rows) row.classList.toggle("chosen", Number(row.dataset.trip) === chosen);
  }

  function list() {
    const found = listed();
    const most = Math.max(1, Math.ceil(found.length / ROWS));
    page = Math.min(Math.max(page, 0), most - 1);
    body.replaceChildren(...found.slice(page * ROWS, (page + 1) * ROWS).map(rowOf));
    pages.textContent = `${found.length.toLocaleString("en-US")} round trips, page ${page + 1} of ${most}`;
    panel.querySelector('[data-is="back"]').disabled = page === 0;
    panel.querySelector('[data-is="on"]').disabled = page === most - 1;
    mark();
  }

  function turned(step) {
    page += step;
    list();
  }

  headings.forEach((heading) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      down = by === heading.dataset.by ? !down : heading.classList.contains("num");
      by = heading.dataset.by;
      headings.forEach((one) => one.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      page = 0;
      list();
    });
  });
  [outcome, exit, side].forEach((one) =>
    one.addEventListener("change", () => {
      page = 0;
      list();
    }),
  );
  panel.querySelector('[data-is="back"]').addEventListener("click", () => turned(-1));
  panel.querySelector('[data-is="on"]').addEventListener("click", () => turned(1));

  function stepped(step) {
    const found = listed();
    if (!found.length) return;
    const now = found.indexOf(chosen);
    const next = now < 0 ? (step > 0 ? 0 : found.length - 1) : (now + step + found.length) % found.length;
    show(found[next]);
    page = Math.floor(next / ROWS);
    list();
  }
  before.addEventListener("click", () => stepped(-1));
  after.addEventListener("click", () => stepped(1));
  whole.addEventListener("click", () => {
    view = null;
    chosen = -1;
    draw();
    mark();
  });
  picker.addEventListener("change", () => {
    view = null;
    draw();
  });

  list();
  new IntersectionObserver(
    (seen, watcher) => {
      if (!seen.some((one) => one.isIntersecting)) return;
      watcher.disconnect();
      draw();
      place.on("plotly_relayout", moved);
      place.on("plotly_click", (event) => {
        const trip = event.points[0].customdata;
        if (Number.isInteger(trip)) show(trip);
      });
      redraws.push(draw);
    },
    { rootMargin: "300px" },
  ).observe(place);
})();
