// What the plan rests on and what it commits to: classes of law, the range of unmeasured machines, the bridge from cash
// to annuities, what is stranded, what must be ordered now.
"use strict";

/** Names one to a row, the widest bar a full cell; `text` is read, the bar is for the eye. */
function bar(share, text, colour = 0) {
  return el(
    "span",
    {class: "bar-cell"},
    el(
      "span",
      {class: "bar", "aria-hidden": "true"},
      el("span", {style: `width:${(100 * Math.min(1, Math.max(0, share))).toFixed(1)}%;background:var(--c${colour})`})
    ),
    text
  );
}

/** From `low` to `high` on an axis of `least` to `most`, a tick at `at`. */
function range_bar(low, high, at, least, most) {
  const place = (v) => ((100 * (v - least)) / (most - least || 1)).toFixed(1);
  return el(
    "span",
    {class: "bar range", "aria-hidden": "true"},
    el("span", {
      style: `margin-left:${place(Math.min(low, high))}%;width:${place(least + Math.abs(high - low))}%`
    }),
    at === null ? null : el("i", {style: `left:${place(at)}%`})
  );
}

function table_card(title, note, columns, rows, attributes = {}) {
  if (!rows.length) return null;
  const plain = rows.map((row) => row.map((v, i) => (columns[i].bar ? null : v)));
  const kept_columns = columns.filter((c) => !c.bar);
  const kept_rows = plain.map((row) => row.filter((_, i) => !columns[i].bar));
  return el(
    "figure",
    {class: "card wide", ...attributes},
    el("figcaption", {}, el("h3", {}, title), note ? el("p", {}, note) : null),
    table_of(title, columns, rows),
    el("div", {class: "controls"}, csv_button(title, kept_columns, kept_rows))
  );
}

const law_names = {
  fitted: "fitted to the device",
  carried_over: "carried over from a related device",
  typical: "typical of measured devices",
  specification: "data sheet alone",
  overheads: "overheads of engines"
};

function law_card(result) {
  const shares = result.law_shares;
  if (!shares) return null;
  const entries = Object.entries(law_names)
    .map(([key, name], i) => ({name, i, share: shares[key] || 0}))
    .filter((e) => e.share >= 0.0005);
  return el(
    "div",
    {class: "card cost", id: "laws"},
    el("h3", {}, "What its speeds rest on"),
    el(
      "p",
      {},
      "Share of the accelerators' working time by class of law. Only the first is measured on the machine itself."
    ),
    el(
      "div",
      {class: "stack", "aria-hidden": "true"},
      entries.map((e) => el("span", {style: `--colour:var(--c${e.i});flex-grow:${e.share}`}))
    ),
    el(
      "ul",
      {},
      entries.map((e) =>
        el(
          "li",
          {},
          el("span", {class: "swatch solid", style: `--colour:var(--c${e.i})`}),
          el("span", {}, e.name),
          el("b", {}, format_percent(e.share))
        )
      )
    )
  );
}

/** The plan built for slow, middle and fast unmeasured machines. */
function range_card(result) {
  const ends = result.range;
  if (!ends) return null;
  const columns = [
    {label: "The build where unmeasured machines are"},
    ...["slow (low)", "middle (mid)", "fast (high)"].map((label) => ({label, numeric: true}))
  ];
  const row = (label, value, format) => [
    label,
    ...["low", "mid", "high"].map((end) => shown(value(ends[end]), format(value(ends[end]))))
  ];
  const differ = (id) => {
    const counts = ["low", "mid", "high"].map((end) => (ends[end].accelerators_by_system || {})[id] || 0);
    return Math.max(...counts) - Math.min(...counts) > 0.005 * ends.mid.accelerators;
  };
  const rows = [
    row("Present value", (f) => f.value_usd, format_usd),
    row("Spent by the end", (f) => f.spent_usd, format_usd),
    row("Accelerators at the end", (f) => f.accelerators, format_number),
    ...Object.keys(ends.mid.accelerators_by_system || {})
      .filter(differ)
      .map((id) => row(`of them ${id}`, (f) => f.accelerators_by_system[id], format_number)),
    ...Object.keys(ends.mid.tokens || {}).map((id) => row(`Tokens of ${id}`, (f) => f.tokens[id], format_number))
  ];
  return table_card(
    "Low, mid and high build",
    "Each is the best plan where unmeasured machines turn out so.",
    columns,
    rows,
    {id: "range"}
  );
}

function start_by_card(result) {
  const list = result.start_by || [];
  const columns = [
    {label: "What"},
    {label: "Decide in"},
    {label: "Ready in"},
    {label: "Price", numeric: true, format: format_usd},
    {label: "Paid at once", numeric: true, format: format_usd},
    {label: "Can be cancelled"}
  ];
  const rows = list.map((s) => [
    s.kind === "order" ? `Order ${format_whole(s.amount)} ${s.of}` : `Begin ${format_power(s.amount)} at ${s.of}`,
    s.quarter === result.periods[0].quarter ? `${s.quarter}, now` : s.quarter,
    s.ready,
    s.price_usd,
    s.paid_usd,
    `free before ${s.quarter}; then at ${format_percent(s.paid_usd / s.price_usd)}` +
      (s.paid_usd < 0.999 * s.price_usd ? " or more" : "")
  ]);
  return table_card(
    "To order and begin in the first year",
    "Later decisions can wait. What is paid is lost when it is given up: deposits of orders, construction done.",
    columns,
    rows,
    {id: "start-by-table"}
  );
}

/** The identity of cash and annuities, line by line. */
function bridge_card(result) {
  const {systems, buildings} = result.bridge || {};
  if (!systems || !buildings) return null;
  const lines = [
    ["Paid by the last quarter", "paid_usd", 1],
    ["+ paid before, on what comes in the plan", "paid_before_usd", 1],
    ["+ still due behind the last quarter", "due_after_usd", 1],
    ["− for what stood before, or comes after", "other_usd", -1],
    ["− interest on what is paid before it comes", "timing_usd", -1]
  ];
  const columns = [
    {label: "Present values"},
    {label: "Systems", numeric: true, format: format_usd},
    {label: "Buildings", numeric: true, format: format_usd}
  ];
  const rows = lines.map(([label, key, sign]) => [label, sign * systems[key], sign * buildings[key]]);
  rows.push(
    [
      "= price of what comes in the plan",
      systems.charged_usd + systems.book_usd,
      buildings.charged_usd + buildings.book_usd
    ],
    ["of it charged as annuities in the plan", systems.charged_usd, buildings.charged_usd],
    ["of it book value left at its end", systems.book_usd, buildings.book_usd]
  );
  return table_card(
    "From cash to annuities and book value",
    "One number, three ways to count it; the lines add up.",
    columns,
    rows,
    {id: "bridge"}
  );
}

const capital_names = {
  systems_usd: "Systems",
  network_usd: "Network",
  storage_usd: "Storage",
  building_usd: "Buildings",
  power_usd: "Power supply",
  cooling_usd: "Cooling"
};

function capital_card(result) {
  const all = sum_of(result.capital);
  if (!(all > 0)) return null;
  const columns = [
    {label: "Class"},
    {label: "Price", numeric: true, format: format_usd},
    {label: "Share", numeric: true, format: format_percent},
    {bar: true}
  ];
  const rows = Object.entries(capital_names).map(([key, name], i) => {
    const value = result.capital[key] || 0;
    return [name, value, value / all, bar(value / all, "", i)];
  });
  return table_card("Capital by class", "At the price of what comes in the plan.", columns, rows, {id: "capital"});
}

/** Each sum in its own words: what flows return, what nobody uses. */
function money_tiles(result) {
  const of_quarters = (field) => (result.periods || []).reduce((sum, p) => sum + (p[field] || 0), 0);
  return el(
    "dl",
    {class: "tiles"},
    tile(
      "Internal rate of return",
      result.rate_of_return === undefined ? "none" : format_percent(result.rate_of_return),
      "a year, of what flows from the first quarter on"
    ),
    tile(
      "Most money out",
      format_usd(result.most_out_usd ?? 0),
      result.most_out_in
        ? `in ${result.most_out_in}; ${result.paid_back ? `back by ${result.paid_back}` : "never all back"}`
        : "never more out than in"
    ),
    tile(
      "Behind the last quarter",
      format_usd(result.beyond_usd),
      `of a value of ${format_usd(result.value_usd)}: ${format_percent(result.beyond_usd / result.value_usd)}`
    ),
    tile(
      "Cost of idle machines",
      format_usd(of_quarters("idle_cost_usd")),
      "that run nothing, and of power without machines"
    )
  );
}

function stranded_card(result) {
  const list = result.retired_early || [];
  if (!list.length) {
    return el(
      "div",
      {class: "card quiet-card"},
      el("h3", {}, "Stranded assets"),
      el("p", {}, "None: nothing is retired before its life is over.")
    );
  }
  const columns = [
    {label: "System"},
    {label: "Leaves in"},
    {label: "Came in"},
    {label: "Systems", numeric: true, format: format_whole},
    {label: "Book value then", numeric: true, format: format_usd}
  ];
  const rows = list.map((r) => [r.system, r.quarter, r.delivered, r.systems, r.book_usd]);
  rows.push(["All of them", "", "", list.reduce((s, r) => s + r.systems, 0), list.reduce((s, r) => s + r.book_usd, 0)]);
  return table_card(
    "Stranded assets",
    "Retired before their life is over; their annuities are charged in full all the same.",
    columns,
    rows,
    {id: "stranded"}
  );
}
