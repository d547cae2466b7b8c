// The page: reads the result (schema_version 1) and builds one section after another, each from what the result holds.
"use strict";

const result = JSON.parse(document.getElementById("result").textContent);
const periods = result.periods || [];
const quarters = periods.map((p) => p.quarter);
const last_period = periods[periods.length - 1];

const sum_of = (object) => Object.values(object || {}).reduce((sum, v) => sum + v, 0);
const each_quarter = (value) => periods.map((p) => value(p) || 0);
const by_key = (field, key) => each_quarter((p) => p[field] && p[field][key]);
const name_in = (list, id) => ((list || []).find((entry) => entry.id === id) || {name: id}).name || id;
/** Entries with something to show, in the order of the result. */
const used = (list, ...fields) => (list || []).filter(({id}) => periods.some((p) => fields.some((f) => p[f] && p[f][id] > 0)));

const service_points = ["circle", "rectRot", "triangle", "rect", "star", "crossRot", "cross"];
const service_style = (i) => ({colour: i, point: service_points[i % 7]});

function sparkline(values) {
  const top = Math.max(...values) || 1;
  const at = (v, i) => `${(100 * i / Math.max(1, values.length - 1)).toFixed(1)},${(22 - 20 * v / top).toFixed(1)}`;
  const box = el("span", {class: "sparkline", "aria-hidden": "true"});
  const points = values.map(at).join(" ");
  box.innerHTML = `<svg viewBox="0 0 100 24" preserveAspectRatio="none"><polygon points="0,24 ${points} 100,24"/><polyline points="${points}"/></svg>`;
  return box;
}

function tile(label, value, detail, values) {
  return el("div", {class: "tile"}, el("dt", {}, label), el("dd", {}, el("strong", {}, value), el("small", {}, detail)),
            values && values.length > 1 ? sparkline(values) : null);
}

const ends = {low: " · unmeasured machines at their low end", high: " · unmeasured machines at their high end"};

function masthead() {
  const {study = {}, program = {}} = result;
  const words = {optimal: "Optimal plan", infeasible: "No plan meets every limit"};
  document.title = `${study.name || "Plan"}${result.change ? ` with ${result.change}` : ""} · Stargate`;
  document.getElementById("masthead").append(
    el("p", {class: "brand"}, el("span", {class: "ring", "aria-hidden": "true"}), "Stargate", el("span", {}, "from dollars to tokens")),
    el("div", {class: "headline"}, el("h1", {}, study.name || "Plan", result.change ? el("span", {class: "change"}, ` with ${result.change}`) : null),
      el("p", {id: "status", class: `status ${result.status}`}, words[result.status] || String(result.status))),
    result.change ? el("p", {class: "changed", id: "changed"}, "A changed plan, not the study as written. ", el("a", {href: "#what-if"}, "What the change does")) : "",
    study.about ? el("p", {class: "about"}, study.about) : "",
    el("p", {class: "source"}, el("code", {}, study.file || ""),
      quarters.length ? ` · ${quarters[0]} to ${quarters[quarters.length - 1]}` : "", ends[result.confidence] || "", ` · ${program.name || "stargate"} ${program.version || ""}`));
  document.getElementById("colophon").append(el("p", {},
    `Written by ${program.name || "stargate"} ${program.version || ""} from ${study.file || "a study"}. ` +
    "This page holds all of its data and loads nothing. Charts by Chart.js (MIT)."));
}

const sections = [];
function section(id, title, ...content) {
  const parts = content.flat().filter(Boolean);
  if (!parts.length) return;
  sections.push({id, title});
  document.getElementById("report").append(el("section", {id, "aria-labelledby": `${id}-title`}, el("h2", {id: `${id}-title`}, title), parts));
}

const grid = (...figures) => el("div", {class: "grid"}, figures.flat().filter(Boolean));
const kept = (figures) => figures.filter(Boolean);


const kinds_text = (count) => (count === 1 ? "of one kind" : `${count} kinds over the plan`);

function headline_tiles() {
  if (!last_period) return null;
  const accelerators = each_quarter((p) => sum_of(p.accelerators));
  const tokens = each_quarter((p) => sum_of(p.tokens_per_s));
  const demand = sum_of(last_period.demand_tokens_per_s);
  const binding = (result.limit_ranking || [])[0];
  return el("dl", {class: "tiles", id: "tiles"},
    tile("Power at the end", format_power(last_period.power_mw), `${format_power(last_period.power_used_mw)} used in ${last_period.quarter}`, each_quarter((p) => p.power_mw)),
    tile("Accelerators installed", format_number(sum_of(last_period.accelerators)), kinds_text(used(result.accelerators, "accelerators").length), accelerators),
    tile("Money spent", format_usd(last_period.cumulative_spent_usd), `of ${format_usd(last_period.capital_released_usd)} released`, each_quarter((p) => p.cumulative_spent_usd)),
    tile("Present value", format_usd(result.value_usd), "revenue less cost; single figures may move within 0.1 % of it: plan near"),
    tile("Tokens at the end", `${format_number(sum_of(last_period.tokens_per_s))}/s`, demand > 0 ? `${format_percent(sum_of(last_period.tokens_per_s) / demand)} of the demand` : "no demand given", tokens),
    binding ? tile("What binds most", format_price(binding.worth_usd, binding.unit), `${binding.name}, in ${binding.quarters} of ${periods.length} quarters`)
            : tile("What binds most", "Nothing", "no limit has a price"));
}

const cost_names = {systems_usd: "Systems", construction_usd: "Construction", energy_usd: "Energy", operation_usd: "Operation", rent_usd: "Rent", carbon_usd: "Carbon", penalties_usd: "Penalties", tax_usd: "Tax"};

function cost_bar() {
  const entries = Object.entries(cost_names).map(([key, name], i) => ({name, i, value: (result.costs || {})[key] || 0})).filter((e) => e.value > 0 || e.i < 4);
  const total = entries.reduce((sum, e) => sum + e.value, 0);
  if (!(total > 0)) return null;
  const colour = (i) => `--colour:var(--c${i % 6})`;
  return el("div", {class: "card cost", id: "costs"}, el("h3", {}, "What the plan costs, in present value"),
    el("div", {class: "stack", "aria-hidden": "true"}, entries.map((e) => el("span", {style: `${colour(e.i)};flex-grow:${e.value / total}`}))),
    el("ul", {}, entries.map((e) => el("li", {}, el("span", {class: "swatch solid", style: colour(e.i)}), el("span", {}, e.name),
      el("b", {}, format_usd(e.value)), el("small", {}, format_percent(e.value / total))))));
}

function relaxations() {
  if (!(result.relaxations || []).length) return null;
  const columns = [{label: "Limit"}, {label: "Quarter"}, {label: "Missing", numeric: true}];
  const amount = (r) => (r.unit === "USD" ? format_usd(r.amount) : `${format_number(r.amount)}\u00a0${r.unit}`);
  return el("div", {class: "card alert", id: "relaxations"}, el("h3", {}, "What is missing"),
    el("p", {}, "No plan keeps every limit and serves what must be served. The least change that would:"),
    table_of("The least change that makes a plan possible", columns, result.relaxations.map((r) => [r.name, r.quarter || "all", amount(r)])));
}


const one_view = (chart) => [{label: "", chart}];

function power_figure() {
  const sites = used(result.sites, "power_by_site_mw", "grid_by_site_mw");
  const colours = new Map(sites.map(({id}, i) => [id, i]));
  const stack = (field) => sites.map(({id, name}) => ({label: name || id, values: by_key(field, id), colour: colours.get(id)}));
  const line = (label, values, dash) => ({label, values, line: true, ink: true, dash});
  const grid_total = line("Grid and own plants", each_quarter((p) => sum_of(p.grid_by_site_mw) + sum_of(p.plants_by_site_mw)), [6, 4]);
  const used_total = line("Power used", each_quarter((p) => p.power_used_mw), [2, 3]);
  const energised = line("Energised", each_quarter((p) => p.power_mw));
  const common = {type: "line", stacked: true, kind: kinds.power};
  return figure({title: "Power by site", labels: quarters, note: "Energised: built, connected and switched on by the end of the quarter.",
    views: [{label: "Energised", chart: {...common, axis: "Energised power", series: [...stack("power_by_site_mw"), grid_total, used_total]}},
            {label: "Grid available", chart: {...common, axis: "Grid power available", series: [...stack("grid_by_site_mw"), energised]}}]});
}

function accelerator_figure() {
  const kinds_used = used(result.accelerators, "accelerators", "delivered", "retired");
  const view = (label, field, axis) => ({label, chart: {type: "bar", stacked: true, kind: kinds.count, axis,
    series: kinds_used.map(({id, name}, i) => ({label: name || id, values: by_key(field, id), colour: i}))}});
  return figure({title: "Accelerators by kind", labels: quarters, note: "Installed at the end of each quarter, or what came and went in it.",
    views: [view("Installed", "accelerators", "Installed accelerators"), view("Delivered", "delivered", "Delivered in the quarter"), view("Retired", "retired", "Retired in the quarter")]});
}

function spending_figure() {
  const classes = {systems: "Systems", construction: "Construction", energy: "Energy", operation: "Operation", interest: "Interest", carbon: "Carbon", rent: "Rent", penalties: "Penalties", tax: "Tax"};
  return figure({title: "Spending by quarter", labels: quarters, note: "Cash paid in the quarter, not discounted.",
    views: one_view({type: "bar", stacked: true, kind: kinds.usd, axis: "Spent in the quarter",
      series: Object.entries(classes).map(([key, label], i) => ({label, values: by_key("spent", key), colour: i})).filter((s) => s.colour < 4 || s.values.some((v) => v > 0))})});
}

function capital_figure() {
  const line = (label, field, colour, dash) => ({label, values: each_quarter((p) => p[field]), line: true, colour, dash});
  return figure({title: "Spent against capital released", labels: quarters, note: "Both cumulative, with the cash in hand at the end of each quarter.",
    views: one_view({type: "line", kind: kinds.usd, axis: "Since the start",
      series: [{...line("Capital released", "capital_released_usd"), ink: true, dash: [6, 4]}, line("Spent", "cumulative_spent_usd", 0), line("Cash in hand", "cash_usd", 2, [2, 3])]})});
}

function token_figure() {
  const services = used(result.services, "tokens_per_s", "demand_tokens_per_s");
  const series = services.flatMap(({id, name}, i) => [
    {label: name || id, values: by_key("tokens_per_s", id), ...service_style(i), group: id},
    {label: `${name || id}, demand`, values: by_key("demand_tokens_per_s", id), ...service_style(i), dash: [5, 4], group: id, legend: false}]);
  const chart = {type: "line", kind: kinds.tokens, axis: "Tokens per second", series};
  return figure({title: "Tokens served and demand", labels: quarters, note: "Solid: served. Dashed, same colour: demanded.",
    views: [{label: "Log", chart: {...chart, log: true}}, {label: "Linear", chart, repeated: true}]});
}

function unmet_figure() {
  const services = used(result.services, "unmet_tokens_per_s");
  if (!services.length) return el("div", {class: "card quiet-card"}, el("h3", {}, "Unmet demand"), el("p", {}, "None: every service gets all it asks for in every quarter."));
  const index = new Map((result.services || []).map(({id}, i) => [id, i]));
  return figure({title: "Unmet demand", labels: quarters, note: "Demand the plan leaves unserved, since one more token would cost more than it pays.",
    views: one_view({type: "bar", stacked: true, kind: kinds.tokens, axis: "Unserved tokens per second",
      series: services.map(({id, name}) => ({label: name || id, values: by_key("unmet_tokens_per_s", id), colour: index.get(id)}))})});
}

function token_price_figure() {
  const services = used(result.services, "usd_per_million_tokens");
  if (!services.length) return null;
  const chart = {type: "line", kind: kinds.usd_each, axis: "Cost per million tokens",
    series: services.map(({id, name}, i) => ({label: name || id, values: by_key("usd_per_million_tokens", id), ...service_style(i)}))};
  return figure({title: "Cost per million tokens", labels: quarters, note: "What the machines serving it cost in the quarter, over the tokens they serve.",
    views: [{label: "Log", chart: {...chart, log: true}}, {label: "Linear", chart, repeated: true}]});
}

function energy_figure() {
  const bar = (label, kind, field, axis, colour) => ({label, chart: {type: "bar", kind, axis, series: [{label, values: each_quarter((p) => p[field]), colour}]}});
  return figure({title: "Energy and carbon", labels: quarters, note: "Per quarter, at the meter, with the study's carbon intensity of each site.",
    views: [bar("Energy", kinds.energy, "energy_mwh", "Energy used", 0), bar("Carbon", quantity_kind("t"), "carbon_t", "CO₂ emitted", 1)]});
}


function supply_figures() {
  const products = new Map();
  const suppliers = [];
  periods.forEach((p, at) => (p.supply || []).forEach((s) => {
    if (!suppliers.includes(s.supplier)) suppliers.push(s.supplier);
    if (!products.has(s.product)) products.set(s.product, {unit: s.unit, by_supplier: new Map()});
    const {by_supplier} = products.get(s.product);
    if (!by_supplier.has(s.supplier)) by_supplier.set(s.supplier, {offered: quarters.map(() => 0), taken: quarters.map(() => 0)});
    by_supplier.get(s.supplier).offered[at] += s.offered;
    by_supplier.get(s.supplier).taken[at] += s.taken;
  }));
  return [...products].map(([product, {unit, by_supplier}]) => {
    const rows = [...by_supplier];
    const total = (field) => quarters.map((_, i) => rows.reduce((sum, [, s]) => sum + s[field][i], 0));
    const offered = total("offered"), taken = total("taken");
    const share = taken.map((t, i) => (offered[i] > 0 ? t / offered[i] : 0));
    const peak = share.indexOf(Math.max(...share));
    const series = [...rows.map(([name, s]) => ({label: rows.length > 1 ? `${name} offers` : name, values: s.offered, colour: suppliers.indexOf(name), pale: true})),
                    {label: "Taken", values: taken, line: true, ink: true},
                    ...rows.map(([name, s]) => ({label: `${name}, taken`, values: s.taken, hidden_in_chart: true}))];
    return figure({title: product.replace(":", ": "), labels: quarters, small: true,
      note: taken[peak] > 0 ? `At most ${format_percent(share[peak])} of what is offered is taken, in ${quarters[peak]}.` : "None is taken.",
      views: one_view({type: "bar", stacked: true, small: true, kind: quantity_kind(unit), axis: "Per quarter", series})});
  });
}


function rate_table() {
  const rates = result.rates || [];
  if (!rates.length) return null;
  const systems = [...new Set(rates.map((r) => r.system))];
  const services = (result.services || []).filter(({id}) => rates.some((r) => r.service === id));
  const best = new Map(services.map(({id}) => [id, Math.max(...rates.filter((r) => r.service === id).map((r) => r.tokens_per_s))]));
  const cell = (system, id) => {
    const rate = rates.find((r) => r.system === system && r.service === id);
    if (!rate) return el("td", {class: "rate none"}, "does not serve it");
    const share = rate.tokens_per_s / best.get(id);
    return el("td", {class: share === 1 ? "rate best" : "rate"}, el("b", {}, format_whole(rate.tokens_per_s)),
      el("span", {class: "meter", "aria-hidden": "true"}, el("span", {style: `width:${(100 * share).toFixed(0)}%`})),
      el("small", {}, rate.layout), el("small", {class: "limit"}, rate.limit));
  };
  const title = "Tokens per second of one accelerator";
  const columns = ["service", "system", "accelerator", "tokens_per_s", "layout", "limit"].map((label) => ({label}));
  const accelerator = (system) => name_in(result.accelerators, rates.find((r) => r.system === system).accelerator);
  return el("figure", {class: "card wide", id: "rates"},
    el("figcaption", {}, el("h3", {}, title), el("p", {}, "The best layout found that keeps the service's latency target, and what stops it from being faster. In bold green: the fastest for the service.")),
    el("div", {class: "scroller", tabindex: 0, role: "region", "aria-label": title},
      el("table", {class: "rate-table"}, el("caption", {class: "unseen"}, title),
        el("thead", {}, el("tr", {}, el("th", {scope: "col"}, "System"), services.map((s) => el("th", {scope: "col"}, s.name || s.id, el("small", {}, s.model || ""))))),
        el("tbody", {}, systems.map((system) => el("tr", {}, el("th", {scope: "row"}, system, el("small", {}, accelerator(system))), services.map(({id}) => cell(system, id))))))),
    el("div", {class: "controls"}, csv_button(title, columns, rates.map((r) => columns.map((c) => r[c.label])))));
}

function service_table() {
  const rows = (result.services || []).map((s) => [s.name || s.id, s.model || "–", s.stand_in || "–"]);
  if (!rows.length) return null;
  return el("div", {class: "card wide"}, el("h3", {}, "What the services run"),
    table_of("Services and their models", [{label: "Service"}, {label: "Model"}, {label: "Stands in for"}], rows));
}


function comparison_parts() {
  const {comparison} = result;
  if (!comparison || !periods.length) return [];
  const other = new Map((comparison.periods || []).map((p) => [p.quarter, p]));
  const changed = (value) => quarters.map((q) => (other.has(q) ? value(other.get(q)) || 0 : 0));
  const pair = (title, kind, axis, before, after) => figure({title, labels: quarters, views: one_view({type: "line", kind, axis,
    series: [{label: "As written", values: before, colour: 0}, {label: "This plan, changed", values: after, colour: 1, dash: [6, 4]}]})});
  const before_change = (values) => [changed(values), each_quarter(values)];
  const delta = (before, after) => (before > 0 ? `${after >= before ? "+" : "−"}${format_percent(Math.abs(after / before - 1))}` : "–");
  const at_end = (values) => values[values.length - 1];
  const tokens = before_change((p) => sum_of(p.tokens_per_s)), power = before_change((p) => p.power_mw), spent = before_change((p) => p.spent_usd);
  const chips = [changed((p) => p.accelerators_total), each_quarter((p) => sum_of(p.accelerators))];
  const lost = (comparison.lost || []).map((l) => [name_in(result.services, l.service), l.tokens]);
  return [
    el("p", {class: "lead"}, "This plan is of the study with ", el("b", {}, comparison.change), "; beside it the best plan of the study as written."),
    el("dl", {class: "tiles"},
      tile("Present value", delta(comparison.value_usd, result.value_usd), `${format_usd(result.value_usd)} against ${format_usd(comparison.value_usd)} as written`),
      tile("Power at the end", delta(...power.map(at_end)), `${format_power(at_end(power[1]))} against ${format_power(at_end(power[0]))}`),
      tile("Accelerators at the end", delta(...chips.map(at_end)), `${format_number(at_end(chips[1]))} against ${format_number(at_end(chips[0]))}`),
      tile("Tokens at the end", delta(...tokens.map(at_end)), `${format_number(at_end(tokens[1]))}/s against ${format_number(at_end(tokens[0]))}/s`)),
    grid(pair("Tokens served, all services", kinds.tokens, "Tokens per second", ...tokens),
         pair("Spending by quarter, compared", kinds.usd, "Spent in the quarter", ...spent)),
    lost.length ? el("div", {class: "card narrow"}, el("h3", {}, "Tokens lost over the plan"),
      table_of("Tokens lost by service", [{label: "Service"}, {label: "Tokens lost", numeric: true, format: format_number}], lost)) : null,
  ];
}


function quarter_table() {
  const column = (label, kind, value) => ({label, unit: kind.unit, format: kind.format, numeric: true, value});
  const spent = ["systems", "construction", "energy", "operation", "interest"];
  const columns = [{label: "Quarter", value: (p) => p.quarter},
    column("Energised", kinds.power, (p) => p.power_mw), column("Used", kinds.power, (p) => p.power_used_mw),
    column("Grid", kinds.power, (p) => sum_of(p.grid_by_site_mw)), column("Accelerators", kinds.count, (p) => sum_of(p.accelerators)),
    column("Delivered", kinds.count, (p) => sum_of(p.delivered)), column("Retired", kinds.count, (p) => sum_of(p.retired)),
    column("Spent", kinds.usd, (p) => p.spent_usd), ...spent.map((key) => column(`of it ${key}`, kinds.usd, (p) => (p.spent || {})[key] || 0)),
    column("Spent so far", kinds.usd, (p) => p.cumulative_spent_usd), column("Released", kinds.usd, (p) => p.capital_released_usd), column("Cash", kinds.usd, (p) => p.cash_usd),
    column("Energy", kinds.energy, (p) => p.energy_mwh), column("CO₂", quantity_kind("t"), (p) => p.carbon_t),
    ...(result.services || []).flatMap(({id, name}) => [
      column(`${name || id}: served`, kinds.tokens, (p) => (p.tokens_per_s || {})[id] || 0), column(`${name || id}: unmet`, kinds.tokens, (p) => (p.unmet_tokens_per_s || {})[id] || 0),
      column(`${name || id}: $ per M tokens`, kinds.usd_each, (p) => (p.usd_per_million_tokens || {})[id] ?? null)])];
  const rows = periods.map((p) => columns.map((c) => c.value(p)));
  const title = "Everything by quarter";
  return el("figure", {class: "card wide", id: "by-quarter"}, el("figcaption", {}, el("h3", {}, title)),
    table_of(title, columns, rows), el("div", {class: "controls"}, csv_button(title, columns, rows)));
}

function terms() {
  const entries = {
    "Accelerator": "One GPU or AI chip as sold: a package, whatever number of dies is in it.",
    "Capital released": "Money the study makes available up to a quarter. A plan never spends more than that.",
    "Energised power": "Power of sites that are built, connected and switched on. It is what machines may draw, cooling included.",
    "Layout": "How a model is spread over accelerators: TP tensor, PP pipeline and EP expert parallel size, and how many requests run at once (batch).",
    "Present value": "Future dollars discounted to the start of the plan at the owner's cost of capital, when they are paid. The plan is the one with the most: revenue less cost.",
    "Shadow price": "What one more unit of a limit would add to the present value. Zero where the limit does not bind.",
    "TPOT": "Time per output token: the mean time between two tokens of one answer after its first.",
    "TTFT": "Time to first token: from a request's arrival to the first token of its answer.",
    "Shapley value": "What a partner adds on average over all orders of joining; the values add up to what all are worth together.",
    "Unmet demand": "Tokens asked for and not served, since one more would cost more than it pays. It is told apart from money.",
  };
  return el("dl", {class: "terms"}, Object.entries(entries).map(([term, words]) => el("div", {}, el("dt", {}, term), el("dd", {}, words))));
}

function build_page() {
  const answers = result.with || {};
  masthead();
  section("overview", "Overview", relaxations(), headline_tiles(), cost_bar());
  if (periods.length) {
    section("ground", "Ground", law_card(result), range_card(result));
    section("build-out", "Build-out", grid(power_figure(), accelerator_figure()));
    section("start-by", "Start by", start_by_card(result));
    section("money", "Money", result.bridge ? money_tiles(result) : null, grid(spending_figure(), capital_figure()), bridge_card(result), capital_card(result), stranded_card(result));
    section("tokens", "Tokens", grid(token_figure(), unmet_figure(), token_price_figure(), energy_figure()));
    const supply = supply_figures();
    if (supply.length) section("supply", "Supply", el("div", {class: "grid thirds"}, supply));
    if ((result.limits || []).length) section("limits", "Limits", limit_heat_map(result, quarters), limit_ranking(result, periods.length));
  }
  section("reasons", "Reasons", why_parts(answers.why));
  section("near", "Near the best", near_parts(answers.near));
  section("alliance", "Alliance", alliance_parts(answers.alliance));
  section("risk", "Risk", risk_parts(answers.risk), replay_parts(answers.replay));
  if (periods.length) section("more", "More", more_sections(result));
  section("machines", "Machines", kept([rate_table(), service_table()]));
  section("what-if", "What if", comparison_parts());
  if (periods.length) section("data", "Data", quarter_table());
  section("terms", "Terms", terms());
  document.getElementById("sections").append(el("ul", {}, sections.map(({id, title}) => el("li", {}, el("a", {href: `#${id}`}, title)))));
  draw_figures();
  document.documentElement.dataset.built = "true";
}

build_page();
