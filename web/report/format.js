// Numbers as people read them, and the colours of the charts.
// A kind says how one sort of number is written (format), what its unit is in a CSV (unit), and which unit suits an axis
// whose largest value is known (axis: a divisor and what to write in the axis title).
"use strict";

const large = [
  [1e12, "T", "trillion"],
  [1e9, "B", "billion"],
  [1e6, "M", "million"],
  [1e3, "k", "thousand"],
  [1, "", ""],
];

function three_digits(value) {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 0.001) return value.toExponential(1);
  if (size >= 1000) return format_whole(value);
  const decimals = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return value.toFixed(decimals).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}

/** "3.4 M"; a no-break space keeps number and letter together. */
function format_number(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const [divisor, letter] = large.find(([d]) => Math.abs(value) >= d * 0.9995) || [1, ""];
  const text = three_digits(Math.abs(value) / divisor) + (letter ? "\u00a0" + letter : "");
  return (value < 0 && text !== "0" ? "−" : "") + text;
}

function format_usd(value) {
  if (value === null || value === undefined) return "–";
  return (value < 0 ? "−$" : "$") + format_number(Math.abs(value));
}

function format_power(mw) {
  if (mw === null || mw === undefined) return "–";
  return Math.abs(mw) >= 999.5 ? `${three_digits(mw / 1000)}\u00a0GW` : `${three_digits(mw)}\u00a0MW`;
}

function format_percent(share) { return `${three_digits(Math.round(share * 1000) / 10)}\u00a0%`; }

/** "1,870": a number small enough to be read in full. */
function format_whole(value) { return Math.round(value).toLocaleString("en-US"); }

/** Units come as "MW" or as a plural: "wafers". A limit on money is worth so many dollars a dollar. */
function one_unit(unit) {
  if (unit === "USD") return "$";
  return /^[a-z -]{2,}s$/.test(unit) ? unit.slice(0, -1) : unit;
}

/** "$4.1 M per MW" */
function format_price(price_usd, unit) { return `${format_usd(price_usd)} per ${one_unit(unit)}`; }

function axis_of_letters(prefix, unit) {
  return (max) => {
    const [divisor, , word] = large.find(([d]) => max >= d) || [1, "", ""];
    const plain = word && !prefix && !unit;
    return {divisor, label: plain ? `${word}s` : [prefix, word, unit].filter(Boolean).join(" ")};
  };
}

function quantity_kind(unit) {
  return {
    unit,
    format: (value) => (value === null ? "–" : `${format_number(value)}\u00a0${unit}`.trim()),
    axis: axis_of_letters("", unit),
  };
}

const kinds = {
  power: {
    unit: "MW",
    format: format_power,
    axis: (max) => (max >= 1000 ? {divisor: 1000, label: "GW"} : {divisor: 1, label: "MW"}),
  },
  energy: {
    unit: "MWh",
    format: (v) => (v >= 1e6 ? `${three_digits(v / 1e6)}\u00a0TWh` : `${three_digits(v / 1e3)}\u00a0GWh`),
    axis: (max) => (max >= 1e6 ? {divisor: 1e6, label: "TWh"} : {divisor: 1e3, label: "GWh"}),
  },
  usd: {unit: "USD", format: format_usd, axis: axis_of_letters("$", "")},
  usd_each: {unit: "USD", format: format_usd, axis: () => ({divisor: 1, label: "$"})},
  count: {unit: "", format: format_number, axis: axis_of_letters("", "")},
  tokens: {...quantity_kind("tokens/s"), axis: axis_of_letters("", "")},
};

// Six colours a ground that keep at least 3.1 : 1 on it and that people with any colour vision can tell apart (least CIE76
// distance 33 over normal, protan, deutan and tritan sight). Past the sixth the colour comes back hatched, then dotted.
const palettes = {
  light: ["#2a327d", "#e46900", "#1a9ba0", "#51002b", "#9378ef", "#816541"],
  dark: ["#1383f8", "#d0941a", "#7aefa9", "#c73b5b", "#a283be", "#e1e5ff"],
};
const textures = ["solid", "hatched", "dotted"];

function read_theme() {
  const style = getComputedStyle(document.documentElement);
  const value = (name) => style.getPropertyValue(name).trim();
  return {
    palette: palettes[value("--palette")] || palettes.light,
    ink: value("--ink"),
    muted: value("--muted"),
    grid: value("--grid"),
    surface: value("--surface"),
    font: style.fontFamily,
  };
}

function texture_of(index) { return textures[Math.floor(index / 6) % textures.length]; }

/** What Chart.js fills an area with: a colour, or a small tile of it; `alpha` in two hex digits. */
function fill_of(index, theme, alpha = "") {
  const colour = theme.palette[index % 6] + alpha;
  const texture = texture_of(index);
  if (texture === "solid") return colour;
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 8, 8);
  pen.strokeStyle = pen.fillStyle = theme.surface;
  if (texture === "hatched") {
    pen.lineWidth = 2;
    pen.beginPath();
    for (const shift of [-8, 0, 8]) {
      pen.moveTo(shift, 8);
      pen.lineTo(shift + 8, 0);
    }
    pen.stroke();
  } else {
    pen.beginPath();
    pen.arc(4, 4, 1.8, 0, 2 * Math.PI);
    pen.fill();
  }
  return pen.createPattern(tile, "repeat");
}
