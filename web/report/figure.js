// A figure: title, chart, legend of buttons, and the same numbers as a table and as CSV.
// A chart is written down as plain values:
//   {type, stacked, log, kind, axis, series: [{label, values, colour, line, dash, ink, pale, point, group, hidden_in_chart}]}
// with one value a quarter; everything Chart.js wants is made from that here and nowhere else.
"use strict";

function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "style") node.style.cssText = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** A value with words of its own, where its column's format would not do: the words in a table, the value in a CSV. */
function shown(value, text) { return {value, text}; }

/** columns: {label, unit, format, numeric, bar}; rows: arrays of raw values, formatted for the eye only. bar: a picture. */
function table_of(caption, columns, rows) {
  const cell = (value, i) => {
    const {format, numeric} = columns[i];
    return el(i === 0 ? "th" : "td", {scope: i === 0 ? "row" : null, class: numeric ? "number" : null},
              value?.text ?? (format ? format(value) : value instanceof Node ? value : String(value ?? "–")));
  };
  return el("div", {class: "scroller", tabindex: 0, role: "region", "aria-label": caption},
    el("table", {}, el("caption", {class: "unseen"}, caption),
      el("thead", {}, el("tr", {}, columns.map((c) => el("th", {scope: "col", class: c.numeric ? "number" : null}, c.bar ? el("span", {class: "unseen"}, "as a bar") : c.label)))),
      el("tbody", {}, rows.map((row) => el("tr", {}, row.map(cell))))));
}

function csv_of(columns, rows) {
  const field = (value) => {
    const plain = value?.text === undefined ? value : value.value;
    const text = plain === null || plain === undefined ? "" : String(plain);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const head = columns.map((c) => field(c.unit ? `${c.label} [${c.unit}]` : c.label));
  return [head, ...rows.map((row) => row.map(field))].map((line) => line.join(",")).join("\r\n") + "\r\n";
}

/** The byte-order mark makes spreadsheets read Korean and Japanese names as the UTF-8 they are. */
function save_csv(title, columns, rows) {
  const url = URL.createObjectURL(new Blob(["\ufeff", csv_of(columns, rows)], {type: "text/csv"}));
  const name = title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "");
  const link = el("a", {href: url, download: `${name}.csv`});
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

function csv_button(title, columns, rows) {
  return el("button", {type: "button", class: "quiet", "aria-label": `Download ${title} as CSV`,
                       onclick: () => save_csv(title, columns, rows)}, "Download CSV");
}

function data_controls(title, columns, rows) {
  const id = `data-${data_controls.made = (data_controls.made || 0) + 1}`;
  const box = el("div", {id, class: "data", hidden: true}, table_of(title, columns, rows));
  const toggle = el("button", {type: "button", class: "quiet", "aria-expanded": "false", "aria-controls": id,
    "aria-label": `Show the data of ${title}`,
    onclick: () => {
      box.hidden = !box.hidden;
      toggle.setAttribute("aria-expanded", String(!box.hidden));
      toggle.textContent = box.hidden ? "Show data" : "Hide data";
    }}, "Show data");
  return [el("div", {class: "controls"}, toggle, csv_button(title, columns, rows)), box];
}

/** A row of buttons of which one is pressed. */
function choice(label, names, pick) {
  const buttons = names.map((name, i) => el("button", {type: "button", "aria-pressed": String(i === 0), onclick: () => {
    buttons.forEach((b, k) => b.setAttribute("aria-pressed", String(k === i)));
    pick(i);
  }}, name));
  return el("div", {class: "choice", role: "group", "aria-label": label}, buttons);
}

/** `below`: whether a dataset to fill down to comes before. */
function dataset_of(series, chart, theme, below) {
  const is_line = chart.type === "line" || series.line;
  const area = is_line && chart.stacked && !series.line;
  const colour = series.ink ? theme.ink : theme.palette[(series.colour || 0) % 6];
  const fill = area || !is_line ? fill_of(series.colour || 0, theme, series.pale ? "90" : "") : colour;
  return {
    type: is_line ? "line" : "bar",
    label: series.label,
    data: chart.log ? series.values.map((v) => (v > 0 ? v : null)) : series.values,
    stack: series.line ? series.label : "all",
    order: series.line ? 0 : 1,
    fill: area ? (below ? "-1" : "origin") : false,
    backgroundColor: fill,
    borderColor: area || !is_line ? theme.surface : colour,
    borderWidth: area ? 1 : is_line ? 2.25 : {top: 1},
    borderSkipped: false,
    borderDash: series.dash || [],
    pointStyle: series.point || "circle",
    pointRadius: series.point && !series.dash ? 3 : 0,
    pointHoverRadius: area ? 0 : 5,
    pointBackgroundColor: colour,
    pointBorderColor: is_line && !area ? colour : theme.surface,
    tension: 0,
    categoryPercentage: 0.86,
    barPercentage: 0.98,
  };
}

function largest_of(chart) {
  const shown = chart.series.filter((s) => !s.hidden_in_chart);
  const lines = shown.filter((s) => s.line || !chart.stacked).flatMap((s) => s.values);
  const stack = shown.filter((s) => !s.line && chart.stacked);
  const sums = stack.length ? stack[0].values.map((_, i) => stack.reduce((sum, s) => sum + (s.values[i] || 0), 0)) : [];
  return Math.max(0, ...lines, ...sums);
}

function log_tick(value, range, format) {
  const mantissa = value / 10 ** Math.floor(Math.log10(value) + 1e-9);
  const wanted = range < 1000 ? [1, 2, 5] : [1];
  return wanted.some((m) => Math.abs(mantissa - m) < 1e-6) ? format(value) : null;
}

function scales_of(chart, labels, theme) {
  const unit = chart.kind.axis(chart.log ? 1 : largest_of(chart));
  const text = {color: theme.muted, font: {family: theme.font, size: 12}};
  const title = (words) => ({display: Boolean(words), text: words, ...text, padding: {top: 2, bottom: 2}});
  const by_year = labels.length > 10;
  const axis = unit.label ? `${chart.axis} (${unit.label})` : chart.axis;
  return {
    x: {
      stacked: true,
      offset: chart.type === "bar",
      grid: {display: false, borderColor: theme.grid},
      title: title(chart.small ? "" : "Quarter"),
      ticks: {...text, maxRotation: 0, autoSkip: !by_year, autoSkipPadding: 12,
              callback: (_, i) => (!by_year ? labels[i] : labels[i].endsWith("Q1") ? labels[i].slice(0, 4) : "")},
    },
    y: {
      type: chart.log ? "logarithmic" : "linear",
      stacked: Boolean(chart.stacked),
      beginAtZero: !chart.log,
      grid: {color: theme.grid, drawBorder: false},
      title: title(axis),
      ticks: {...text, autoSkip: !chart.log, maxTicksLimit: chart.log ? 50 : chart.small ? 4 : 7,
              callback(value) {
                if (!chart.log) return three_digits(value / unit.divisor).replace("-", "−");
                return log_tick(value, this.max / this.min, format_number);
              }},
    },
  };
}

function tooltip_of(chart, theme) {
  return {
    backgroundColor: theme.surface, titleColor: theme.ink, bodyColor: theme.ink, footerColor: theme.ink,
    borderColor: theme.grid, borderWidth: 1, padding: 10, usePointStyle: true, boxPadding: 4,
    titleFont: {family: theme.font}, bodyFont: {family: theme.font}, footerFont: {family: theme.font},
    filter: (item) => item.raw !== null && item.raw !== 0,
    itemSort: (a, b) => a.dataset.order - b.dataset.order || b.datasetIndex - a.datasetIndex,
    callbacks: {
      label: (item) => ` ${item.dataset.label}: ${chart.kind.format(item.raw)}`,
      labelColor: (item) => ({borderColor: item.dataset.pointBackgroundColor, backgroundColor: item.dataset.pointBackgroundColor}),
      labelPointStyle: () => ({pointStyle: "rectRounded"}),
      footer: (items) => {
        const stack = items.filter((item) => item.dataset.stack === "all");
        if (!chart.stacked || stack.length < 2) return "";
        return `Total: ${chart.kind.format(stack.reduce((sum, item) => sum + item.raw, 0))}`;
      },
    },
  };
}

function draw_chart(canvas, chart, labels, hidden) {
  const theme = read_theme();
  const shown = chart.series.filter((s) => !s.hidden_in_chart);
  const datasets = shown.map((s, i) => ({...dataset_of(s, chart, theme, i > 0), hidden: hidden.has(s.group || s.label)}));
  return new Chart(canvas, {
    type: chart.type,
    data: {labels, datasets},
    options: {
      animation: false, responsive: true, devicePixelRatio: document.documentElement.dataset.paper ? 3 : undefined, maintainAspectRatio: false,
      interaction: {mode: "index", intersect: false},
      scales: scales_of(chart, labels, theme),
      plugins: {legend: {display: false}, tooltip: tooltip_of(chart, theme)},
    },
  });
}

function legend_of(chart, hidden, redraw) {
  const theme = read_theme();
  const shown = chart.series.filter((s) => !s.hidden_in_chart && s.legend !== false);
  return shown.map((s) => {
    const colour = s.ink ? theme.ink : theme.palette[(s.colour || 0) % 6];
    const thin = s.line || (chart.type === "line" && !chart.stacked);
    const stroke = !s.dash ? "line" : s.dash[0] <= 2 ? "points" : "dashed";
    const shape = thin ? stroke : texture_of(s.colour || 0);
    const key = s.group || s.label;
    return el("button", {type: "button", "aria-pressed": String(!hidden.has(key)), title: "Show or hide", onclick: () => {
      if (!hidden.delete(key)) hidden.add(key);
      redraw();
    }}, el("span", {class: `swatch ${shape}${s.pale ? " pale" : ""}`, style: `--colour:${colour}`}), s.label);
  });
}

/** Arrow keys walk the quarters, show each one's tooltip and say it to screen readers. */
function walk_with_keys(canvas, current, say) {
  let at = -1;
  canvas.addEventListener("keydown", (event) => {
    const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (!step) return;
    event.preventDefault();
    const chart = current();
    at = Math.min(chart.data.labels.length - 1, Math.max(0, at + step));
    const active = chart.data.datasets.map((_, i) => ({datasetIndex: i, index: at})).filter((a) => chart.isDatasetVisible(a.datasetIndex));
    const anchor = active.length ? chart.getDatasetMeta(active[0].datasetIndex).data[at].getCenterPoint() : {x: 0, y: 0};
    chart.setActiveElements(active);
    chart.tooltip.setActiveElements(active, anchor);
    chart.update("none");
    say([chart.data.labels[at], ...active.map((a) => [a, chart.data.datasets[a.datasetIndex].data[at]])
      .filter(([, value]) => value).map(([a, value]) => `${chart.data.datasets[a.datasetIndex].label} ${format_number(value)}`)].join(", "));
  });
}

function data_of(views, labels) {
  const columns = [{label: "Quarter"}];
  const values = [];
  for (const {chart, label, repeated} of views) {
    if (repeated) continue;
    for (const s of chart.series) {
      const name = views.length > 1 && label ? `${s.label}, ${label.toLowerCase()}` : s.label;
      columns.push({label: name, unit: chart.kind.unit, format: chart.kind.format, numeric: true});
      values.push(s.values);
    }
  }
  return {columns, rows: labels.map((q, i) => [q, ...values.map((v) => v[i])])};
}

const drawn_figures = [];

/** spec: {title, note, labels, views: [{label, chart, repeated}], small}. `repeated`: the numbers of another view again. */
function figure(spec) {
  const canvas = el("canvas", {role: "img", tabindex: 0});
  const legend = el("div", {class: "legend"});
  const hidden = new Set();
  let view = 0, chart = null;
  const draw = () => {
    const {chart: wanted, label} = spec.views[view];
    if (chart) chart.destroy();
    chart = draw_chart(canvas, wanted, spec.labels, hidden);
    const span = `${spec.labels[0]} to ${spec.labels[spec.labels.length - 1]}`;
    canvas.setAttribute("aria-label", `Chart: ${spec.title}${label ? `, ${label}` : ""}, ${span}, largest value ` +
      `${wanted.kind.format(largest_of(wanted))}. Arrow keys walk the quarters; the numbers are in the table below.`);
    const focused = [...legend.children].indexOf(document.activeElement);
    legend.replaceChildren(...(wanted.series.length > 1 ? legend_of(wanted, hidden, draw) : []));
    if (focused >= 0) legend.children[focused]?.focus();
    canvas.dataset.drawn = "true";
  };
  const said = el("p", {class: "unseen", role: "status"});
  walk_with_keys(canvas, () => chart, (words) => { said.textContent = words; });
  const pick = (i) => { view = i; draw(); };
  const {columns, rows} = data_of(spec.views, spec.labels);
  const node = el("figure", {class: spec.small ? "card small" : "card"},
    el("figcaption", {}, el("div", {class: "title"}, el("h3", {}, spec.title),
      spec.views.length > 1 ? choice(`View of ${spec.title}`, spec.views.map((v) => v.label), pick) : null),
      spec.note ? el("p", {}, spec.note) : null),
    el("div", {class: "plot"}, canvas), said, legend, data_controls(spec.title, columns, rows));
  drawn_figures.push(draw);
  return node;
}

function draw_figures() { drawn_figures.forEach((draw) => draw()); }

// Paper is light whatever the screen is.
window.addEventListener("beforeprint", () => { document.documentElement.dataset.paper = "true"; draw_figures(); });
window.addEventListener("afterprint", () => { delete document.documentElement.dataset.paper; draw_figures(); });
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw_figures);
