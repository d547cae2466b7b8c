// Answers that were asked for beside the plan (report_with): why, near, alliance, risk, replay, each the JSON of its
// command.
"use strict";

/** Runs of quarters and what binds in them. */
function spans_card(title, subject, list, id) {
  const columns = [
    {label: subject},
    {label: "Quarters"},
    {label: "What binds"},
    {label: "Worth of one more", numeric: true}
  ];
  const rows = (list || []).map((r) => [
    r.subject,
    r.first === r.last ? r.first : `${r.first} to ${r.last}`,
    r.binds,
    shown(r.worth_usd, r.unit && r.worth_usd > 0 ? format_price(r.worth_usd, r.unit) : "–")
  ]);
  return table_card(title, null, columns, rows, {id});
}

/** How far a price holds: what 1 % is worth on average on the way to so much of the limit. */
function curve_card(list) {
  if (!(list || []).length) return null;
  const scales = Object.keys(list[0].change).sort((a, b) => a - b);
  const columns = [
    {label: "Limit"},
    {label: "One more unit", numeric: true},
    {label: "1 % by its price", numeric: true, format: format_usd},
    ...scales.map((s) => ({label: `× ${s}`, numeric: true, format: (v) => (v === null ? "no plan" : format_usd(v))}))
  ];
  const rows = list.map((c) => [
    c.limit,
    shown(c.one_more_usd, c.one_more_usd > 0 ? format_price(c.one_more_usd, c.unit) : "–"),
    c.one_percent_usd,
    ...scales.map((s) => (c.change[s] === undefined || c.change[s] === null ? null : c.change[s] / (100 * (s - 1))))
  ]);
  return table_card(
    "How far a price holds",
    "What 1 % of the limit is worth on average on the way to so much of it, each planned anew. " +
      "Alike across a row: the price holds.",
    columns,
    rows,
    {id: "curves"}
  );
}

function left_card(list) {
  const columns = [
    {label: "Not taken"},
    {label: "What stands in its way"},
    {label: "One more loses", numeric: true},
    {
      label: "Taken below this share of its price",
      numeric: true,
      format: (v) => (v === null ? "–" : format_percent(v))
    },
    {label: "Then first"}
  ];
  const rows = (list || []).map((l) => [
    l.option,
    l.reason,
    shown(l.loses_usd, l.loses_usd > 0 ? format_price(l.loses_usd, l.unit) : "–"),
    l.entry_share,
    l.first || "–"
  ]);
  return table_card(
    "Why an option was not taken",
    "The entry price is found by planning anew at lower prices, not read off a reduced cost.",
    columns,
    rows,
    {id: "left"}
  );
}

function supplier_card(list) {
  const most = Math.max(...(list || []).map((s) => s.one_percent_usd), 0);
  const columns = [
    {label: "Supplier"},
    {label: "1 % more is worth", numeric: true, format: (v) => (v > 0 ? format_usd(v) : "limits nothing")},
    {label: "Binds in quarters", numeric: true},
    {bar: true}
  ];
  const rows = (list || []).map((s) => [
    s.supplier,
    s.one_percent_usd,
    s.quarters,
    bar(s.one_percent_usd / (most || 1), "")
  ]);
  return table_card("What suppliers limit", null, columns, rows, {id: "suppliers"});
}

function why_parts(why) {
  if (!why) return [];
  if (!why.planned) {
    return [
      el(
        "div",
        {class: "card alert"},
        el("h3", {}, "Cannot all hold"),
        el("p", {}, "With any one of these lifted the others can; all other limits may stay."),
        el(
          "ul",
          {class: "listed"},
          (why.conflict || []).map((limit) => el("li", {}, limit))
        )
      )
    ];
  }
  return [
    spans_card("Power: what holds a megawatt more", "Site", why.sites, "why-sites"),
    spans_card("Machines: what holds one more", "System", why.systems, "why-systems"),
    spans_card("Customers: who is served", "Customers", why.services, "why-services"),
    spans_card("Money: what holds a dollar more", "Of", why.money, "why-money"),
    supplier_card(why.suppliers),
    curve_card(why.limits),
    left_card(why.left)
  ];
}

const figure_units = {"thousand accelerators": 1e3, B$: 1e9, "1e15 tokens": 1e15};
/** As the command has them, in the units of the page: MW, counts, dollars, tokens. */
function near_value(figure, value) {
  if (figure.unit === "MW") return shown(value, format_power(value));
  const amount = format_number(value * (figure_units[figure.unit] || 1));
  return shown(value, figure.unit.endsWith("$") ? `$${amount}` : amount);
}

function near_parts(near) {
  if (!near) return [];
  const columns = [
    {label: "Figure"},
    {label: "Best", numeric: true},
    {label: "Least", numeric: true},
    {label: "Most", numeric: true},
    {bar: true}
  ];
  const rows = near.figures.map((f) => [
    f.name,
    near_value(f, f.best),
    near_value(f, f.least),
    near_value(f, f.most),
    range_bar(f.least, f.most, f.best, Math.min(0, f.least), Math.max(f.most, f.best))
  ]);
  const others = near.plans || [];
  const plan_columns = [
    {label: "Figure"},
    {label: "Best", numeric: true},
    ...others.map((_, i) => ({label: `Plan ${i + 1}`, numeric: true}))
  ];
  const moved = near.figures.filter((f) => {
    const values = [f.best, ...others.map((o) => o.figures[f.name])];
    return Math.max(...values) - Math.min(...values) > 0.01 * Math.max(...values.map(Math.abs));
  });
  const plan_rows = [
    [
      "Lost of the value",
      "–",
      ...others.map((o) => shown(1 - o.value_usd / near.value_usd, format_percent(1 - o.value_usd / near.value_usd)))
    ],
    [
      "Accelerators in other machines",
      "–",
      ...others.map((o) => shown(o.other_machines, format_percent(o.other_machines)))
    ],
    ...moved.map((f) => [f.name, near_value(f, f.best), ...others.map((o) => near_value(f, o.figures[f.name]))])
  ];
  return [
    table_card(
      "Ranges within 0.1 % of the best value",
      "Each figure alone, as low and as high as any plan has it that loses no more. The tick is the best plan.",
      columns,
      rows,
      {id: "ranges"}
    ),
    others.length
      ? table_card(
          "Other plans within 2 %",
          "Each differs most from all before it. Only figures that move are shown.",
          plan_columns,
          plan_rows,
          {id: "others"}
        )
      : null
  ];
}

const counterfactual_names = {nobody: "Nobody takes its place", spill: "The market spills", follow: "Rivals follow"};

function alliance_table(some, title) {
  const all = some.value_usd - some.value_without_any_usd;
  const most = Math.max(...some.partners.map((p) => p.shapley_usd), 0);
  const columns = [
    {label: "Partner"},
    {label: "Alone", numeric: true, format: format_usd},
    {label: "Last to join", numeric: true, format: format_usd},
    {label: "Shapley", numeric: true, format: format_usd},
    {label: some.exact ? "Share" : "Standard error", numeric: true, format: some.exact ? format_percent : format_usd},
    {bar: true}
  ];
  const rows = some.partners.map((p) => [
    p.partner,
    p.alone_usd,
    p.last_usd,
    p.shapley_usd,
    some.exact ? p.shapley_usd / (all || 1) : p.standard_error_usd,
    bar(p.shapley_usd / (most || 1), "")
  ]);
  return table_of(title, columns, rows);
}

/** Least and most over the counterfactuals: what of a partner's worth is the assumption. */
function alliance_ranges(list) {
  const worths = (i) => list.map((c) => c.partners[i].shapley_usd);
  const most = Math.max(...list[0].partners.map((_, i) => Math.max(...worths(i))), 0),
    least = Math.min(...list[0].partners.map((_, i) => Math.min(...worths(i))), 0);
  const columns = [
    {label: "Partner"},
    {label: "Least", numeric: true, format: format_usd},
    {label: "Most", numeric: true, format: format_usd},
    {bar: true}
  ];
  const rows = list[0].partners.map((p, i) => [
    p.partner,
    Math.min(...worths(i)),
    Math.max(...worths(i)),
    range_bar(Math.min(...worths(i)), Math.max(...worths(i)), null, least, most)
  ]);
  return table_card("Which assumption makes it", "Shapley value over the three assumptions.", columns, rows, {
    id: "alliance-range"
  });
}

function alliance_parts(alliance) {
  const list = (alliance || {}).counterfactuals || [];
  if (!list.length) return [];
  const note = el("p", {});
  const box = el("div", {});
  const pick = (i) => {
    const some = list[i];
    const drawn = some.exact ? "all there are" : "orders of joining drawn";
    note.textContent =
      `${format_usd(some.value_usd)} with all of them, ${format_usd(some.value_without_any_usd)} without any; ` +
      `${some.coalitions} coalitions planned, ${drawn}.`;
    box.replaceChildren(
      alliance_table(some, `Worth of partners: ${counterfactual_names[some.counterfactual] || some.counterfactual}`)
    );
  };
  pick(0);
  const columns = [
    {label: "Counterfactual"},
    {label: "Partner"},
    ...["Alone", "Last to join", "Shapley", "Standard error"].map((label) => ({label, unit: "USD"}))
  ];
  const csv = list.flatMap((c) =>
    c.partners.map((p) => [c.counterfactual, p.partner, p.alone_usd, p.last_usd, p.shapley_usd, p.standard_error_usd])
  );
  return [
    el(
      "figure",
      {class: "card wide", id: "alliance-worth"},
      el(
        "figcaption",
        {},
        el(
          "div",
          {class: "title"},
          el("h3", {}, "What each partner is worth"),
          choice(
            "When a partner is absent",
            list.map((c) => counterfactual_names[c.counterfactual] || c.counterfactual),
            pick
          )
        ),
        note
      ),
      box,
      el("div", {class: "controls"}, csv_button("What each partner is worth", columns, csv))
    ),
    alliance_ranges(list)
  ];
}

function risk_parts(risk) {
  if (!risk) return [];
  const mean = risk.plans[0],
    gains = (name) => (risk.plans.find((p) => p.plan.includes(name)) || {}).stochastic_gain_usd;
  const vss = gains("mean of the scenarios"),
    own = gains("own figures");
  const columns = [
    {label: "Decisions"},
    {label: "Mean value", numeric: true},
    {label: `Mean of the worst ${format_percent(risk.tail)}`, numeric: true},
    {label: "Begun", numeric: true, format: format_power},
    ...Object.keys(mean.ordered_accelerators).map((label) => ({label, numeric: true, format: format_number}))
  ];
  const rows = risk.plans.map((p) => [
    p.plan,
    shown(p.mean_usd, p.kept ? format_usd(p.mean_usd) : "cannot be kept"),
    shown(p.tail_mean_usd, p.kept ? format_usd(p.tail_mean_usd) : "–"),
    p.begun_mw,
    ...Object.values(p.ordered_accelerators)
  ]);
  const scenario_columns = [
    {label: "Scenario"},
    {label: "Probability", numeric: true, format: format_percent},
    {label: "Known before", numeric: true, format: format_usd},
    {label: "Not known", numeric: true, format: format_usd}
  ];
  return [
    el(
      "dl",
      {class: "tiles"},
      tile(
        "Perfect information (EVPI)",
        format_usd(risk.evpi_usd),
        "what knowing the scenario would be worth, at most"
      ),
      tile(
        "Stochastic solution (VSS)",
        vss === undefined ? "cannot be kept" : format_usd(vss),
        "over the plan for the mean of the data"
      ),
      tile(
        "Over the study's own plan",
        own === undefined ? "cannot be kept" : format_usd(own),
        `orders and starts of ${risk.decided_quarters} quarters are the same in all`
      )
    ),
    table_card(
      "Decisions that suit all scenarios",
      "Ordered accelerators and begun power of the quarters that are decided before it is known which scenario comes.",
      columns,
      rows,
      {id: "risk-plans"}
    ),
    table_card(
      "Scenarios",
      null,
      scenario_columns,
      risk.scenarios.map((s) => [s.scenario, s.probability, s.known_usd, s.stochastic_usd]),
      {id: "scenarios"}
    )
  ];
}

function fan_figure(title, note, fan, field) {
  const line = (label, key, colour, dash, ink) => ({
    label,
    values: fan.map((q) => q[field][key]),
    line: true,
    colour,
    dash,
    ink
  });
  return figure({
    title,
    note,
    labels: fan.map((q) => q.quarter),
    views: [
      {
        label: "",
        chart: {
          type: "line",
          kind: kinds.usd,
          axis: "Dollars",
          series: [
            line("95 in 100 are below", "p95", 0, [2, 3]),
            line("75", "p75", 0, [6, 4]),
            line("half", "p50", 0, [], true),
            line("25", "p25", 1, [6, 4]),
            line("5", "p05", 1, [2, 3])
          ]
        }
      }
    ]
  });
}

function tornado_card(list, promised) {
  if (!(list || []).length) return null;
  const ends = list.flatMap((b) => [b.low_usd, b.high_usd]);
  const least = Math.min(...ends, promised),
    most = Math.max(...ends, promised);
  const columns = [
    {label: "One risk alone"},
    {label: "1 in 10 below", numeric: true, format: format_number},
    {label: "Value then", numeric: true, format: format_usd},
    {label: "1 in 10 above", numeric: true, format: format_number},
    {label: "Value then", numeric: true, format: format_usd},
    {bar: true}
  ];
  return table_card(
    "Which risk moves it most",
    "The plan kept, one figure at a time at its low and high end. The tick is the plan as promised.",
    columns,
    list.map((b) => [
      b.risk,
      b.low_amount,
      b.low_usd,
      b.high_amount,
      b.high_usd,
      range_bar(b.low_usd, b.high_usd, promised, least, most)
    ]),
    {id: "tornado"}
  );
}

function replay_parts(replay) {
  if (!replay) return [];
  const v = replay.value_usd;
  return [
    el(
      "dl",
      {class: "tiles"},
      tile(
        "Mean of the draws",
        format_usd(replay.mean_usd),
        `promised ${format_usd(replay.promised_usd)}; ${format_whole(replay.draws)} draws`
      ),
      tile(
        "Nine in ten lie within",
        `${format_usd(v.p05)} to ${format_usd(v.p95)}`,
        `half of them below ${format_usd(v.p50)}`
      ),
      tile("Loses money", format_percent(replay.losing_share), "of the draws"),
      tile(
        "Money runs out",
        format_percent(replay.short_of_money_share),
        replay.short_of_money_share > 0
          ? `half of these lack more than ${format_usd(replay.missing_usd)}`
          : "of the draws"
      )
    ),
    el(
      "div",
      {class: "grid"},
      fan_figure("Revenue, the plan kept", "Of the quarter, over the draws.", replay.fan, "revenue_usd"),
      fan_figure(
        "Revenue less payments to date",
        "From the first quarter on, the plan kept.",
        replay.fan,
        "net_to_date_usd"
      )
    ),
    tornado_card(replay.tornado, replay.promised_usd)
  ];
}

/** What could stand here too, with the command for it. */
function more_sections(result) {
  const have = result.with || {};
  const missing = ["why", "near", "alliance", "risk", "replay"].filter((name) => !have[name]);
  if (!missing.length || !result.study) return null;
  return el(
    "p",
    {class: "lead"},
    `Not asked for: ${missing.join(", ")}. `,
    el("code", {}, `stargate plan ${result.study.file} --html FILE --report-with ${missing.join(",")}`),
    " adds them."
  );
}
