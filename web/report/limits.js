// The limits of the plan: what one more unit of each is worth, quarter by quarter (a heat map that is a table) and in all.
"use strict";

/** Rows of the heat map in the order of the ranking; each {name, family, unit, by_quarter: Map quarter -> {price, bound}}. */
function limit_rows(result) {
  const rows = new Map();
  for (const {name, family, unit} of result.limit_ranking || []) rows.set(name, {name, family, unit, by_quarter: new Map()});
  for (const limit of result.limits || []) {
    const {name, family, unit} = limit;
    if (!rows.has(name)) rows.set(name, {name, family, unit, by_quarter: new Map()});
    rows.get(name).by_quarter.set(limit.quarter, {price: limit.price_usd, bound: limit.bound});
  }
  return [...rows.values()].filter((row) => row.by_quarter.size > 0);
}

// Two ways to read a cell. Prices of different units do not compare, so there the shade is within the row; one percent
// more of a limit is money in every row, so there it is across all.
const limit_views = [
  {label: "Price of one unit", value: (cell) => cell.price, across: false},
  {label: "Worth of 1 % more", value: (cell) => (cell.bound > 0 ? cell.price * cell.bound * 0.01 : null), across: true},
];

// Steps of the shade: each with a text colour of its own in the style sheet, so that all can be read.
const heat_steps = 6;

/** Up to 1 for the largest: in proportion within a row, over three decades across rows. */
function shade_of(value, largest, across) {
  if (!(value > 0) || !(largest > 0)) return 0;
  return Math.max(0.08, across ? 1 + Math.log10(value / largest) / 3 : value / largest);
}

function heat_cell(cell, quarter, row, view, largest) {
  const value = cell ? view.value(cell) : null;
  if (value === null) return el("td", {class: "heat none"}, el("span", {"aria-label": "not binding"}, "·"));
  const shade = shade_of(value, largest, view.across);
  const bound = cell.bound !== undefined ? `, limit ${format_number(cell.bound)} ${row.unit}` : "";
  return el("td", {class: `heat heat-${Math.ceil(shade * heat_steps)}`,
                   title: `${row.name}, ${quarter}: ${format_price(cell.price, row.unit)}${bound}`}, format_usd(value).replace("\u00a0", ""));
}

/** Heads of the columns: the years above, the quarters below. */
function quarter_heads(quarters) {
  const years = [];
  for (const q of quarters) {
    const year = q.slice(0, 4);
    if (years.length && years[years.length - 1].year === year) years[years.length - 1].span += 1;
    else years.push({year, span: 1});
  }
  return el("thead", {},
    el("tr", {}, el("th", {scope: "col", rowspan: 2}, "Limit"),
      years.map(({year, span}) => el("th", {scope: "colgroup", colspan: span, class: "year"}, year))),
    el("tr", {}, quarters.map((q) => el("th", {scope: "col", class: "number"}, q.slice(4)))));
}

function heat_body(rows, quarters, view) {
  const largest_in = (row) => Math.max(0, ...[...row.by_quarter.values()].map((cell) => view.value(cell) || 0));
  const overall = Math.max(0, ...rows.map(largest_in));
  return el("tbody", {}, rows.map((row) => {
    const largest = view.across ? overall : largest_in(row);
    const unit = view.across ? "1 % more" : `$ per ${one_unit(row.unit)}`;
    return el("tr", {}, el("th", {scope: "row"}, row.name, el("small", {}, unit)),
      quarters.map((q) => heat_cell(row.by_quarter.get(q), q, row, view, largest)));
  }));
}

function limit_heat_map(result, quarters) {
  const rows = limit_rows(result);
  const title = "Shadow prices by quarter";
  const table = el("table", {class: "heat-map"}, el("caption", {class: "unseen"}, title), quarter_heads(quarters),
                   heat_body(rows, quarters, limit_views[0]));
  const note = el("p", {});
  const pick = (i) => {
    table.tBodies[0].replaceWith(heat_body(rows, quarters, limit_views[i]));
    note.textContent = limit_views[i].across
      ? "What 1 % more of the limit would save in present value; stronger colour is worth more, compared across all rows."
      : "What one more unit would save in present value; stronger colour is dearer, within a row. A dot: the limit does not bind.";
  };
  pick(0);
  const columns = [{label: "Limit"}, {label: "Family"}, {label: "Quarter"}, {label: "Unit"}, {label: "Price", unit: "USD per unit"}, {label: "Bound"}];
  const csv = (result.limits || []).map((l) => [l.name, l.family, l.quarter, l.unit, l.price_usd, l.bound]);
  return el("figure", {class: "card wide"},
    el("figcaption", {}, el("div", {class: "title"}, el("h3", {}, title), choice("Reading of the cells", limit_views.map((v) => v.label), pick)), note),
    el("div", {class: "scroller", tabindex: 0, role: "region", "aria-label": title}, table),
    el("div", {class: "controls"}, csv_button(title, columns, csv)));
}

/** Bars are drawn within one unit: a dollar a megawatt and a dollar a gigabyte do not compare. */
function limit_ranking(result, quarter_count) {
  const by_unit = new Map();
  for (const limit of result.limit_ranking || []) {
    if (!by_unit.has(limit.unit)) by_unit.set(limit.unit, []);
    by_unit.get(limit.unit).push(limit);
  }
  const groups = [...by_unit].map(([unit, limits]) => {
    const largest = Math.max(...limits.map((l) => l.worth_usd));
    return el("div", {class: "rank-group"}, el("h4", {}, `One more ${unit === "USD" ? "dollar" : one_unit(unit)}`),
      el("ol", {class: "ranking"}, limits.map((l) => el("li", {},
        el("span", {class: "name"}, l.name, el("small", {}, `${l.family.replaceAll("_", " ")}, binds in ${l.quarters} of ${quarter_count} quarters`)),
        el("span", {class: "bar", "aria-hidden": "true"}, el("span", {style: `width:${(100 * l.worth_usd / largest).toFixed(1)}%`})),
        el("span", {class: "value"}, format_usd(l.worth_usd))))));
  });
  const title = "What one more unit is worth";
  const columns = [{label: "Limit"}, {label: "Family"}, {label: "Unit"}, {label: "Quarters"}, {label: "Worth of one more unit", unit: "USD"}];
  return el("figure", {class: "card wide"},
    el("figcaption", {}, el("h3", {}, title), el("p", {}, "Over the whole plan, in present value. Bars compare limits of the same unit.")),
    el("div", {class: "rank-groups"}, groups),
    el("div", {class: "controls"}, csv_button(title, columns, (result.limit_ranking || []).map((l) => [l.name, l.family, l.unit, l.quarters, l.worth_usd]))));
}
