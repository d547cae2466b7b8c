// The plan as JSON: what the HTML page reads and other programs too. Units are in the names.
#include <fmt/format.h>

#include "stargate/config/json_writer.hpp"
#include "stargate/questions/plan_ground.hpp"
#include "stargate/questions/plan_money.hpp"
#include "stargate/questions/plan_report.hpp"
#include "stargate/questions/plan_start_by.hpp"
#include "stargate/questions/plan_supply.hpp"

namespace stargate {
namespace {

using Numbers = std::map<std::string, double>;

/// One number an id, in the plan's order of `ids`. Ids may repeat (two systems with one accelerator): their numbers add
/// up.
Numbers numbers(const std::vector<std::string>& ids, const std::function<double(std::size_t)>& value) {
  Numbers out;
  for (std::size_t i = 0; i < ids.size(); ++i) out[ids[i]] += value(i);
  return out;
}

void write_costs(JsonWriter& json, const char* name, const PlanPayments& paid) {
  json.key(name).begin_object();
  json.member("systems_usd", paid.systems().base()).member("construction_usd", paid.construction.base());
  json.member("energy_usd", paid.energy.base()).member("operation_usd", paid.opex.base());
  json.member("carbon_usd", paid.carbon.base()).member("rent_usd", paid.rent.base());
  json.member("penalties_usd", paid.penalty.base()).member("tax_usd", paid.tax.base()).end_object();
}

void write_names(JsonWriter& json, const PreparedStudy& prepared) {
  json.key("services").begin_array();
  for (const auto& s : prepared.study.services) {
    json.begin_object()
        .member("id", s.service)
        .member("name", s.name)
        .member("model", s.model)
        .member("stand_in", s.stand_in);
    json.member("kind", s.kind == ServiceKind::training ? "training" : "serving").end_object();
  }
  json.end_array().key("accelerators").begin_array();
  for (const auto& system : prepared.programme.systems) {
    json.begin_object().member("id", system.accelerator);
    json.member("name", prepared.catalogue.accelerators.at(system.accelerator).name)
        .member("system", system.id)
        .end_object();
  }
  json.end_array().key("sites").begin_array();
  for (const auto& site : prepared.study.sites) {
    const Site& record = prepared.catalogue.sites.at(site.site);
    json.begin_object()
        .member("id", site.site)
        .member("name", record.name)
        .member("country", record.country)
        .end_object();
  }
  json.end_array().key("rates").begin_array();
  for (const auto& rate : prepared.rates) {
    json.begin_object()
        .member("service", rate.service)
        .member("system", rate.system)
        .member("accelerator", rate.accelerator);
    json.member("tokens_per_s", rate.per_accelerator.base())
        .member("rated_accelerators", rate.accelerators)
        .member("engine", rate.engine)
        .member("mode", rate.mode)
        .member("precision", rate.precision)
        .member("layout", rate.layout)
        .member("limit", rate.limit)
        .member("device_law", law_origin_name(rate.origin))
        .member("law_basis", rate.law);
    write_law_shares(json, rate.shares);
    json.end_object();
  }
  json.end_array();
}

void write_spending(JsonWriter& json, const PlanQuarter& quarter, Money released) {
  const auto& spent = quarter.spent;
  json.member("spent_usd", spent.total().base()).key("spent").begin_object();
  json.member("systems", spent.systems().base()).member("construction", spent.construction.base());
  json.member("energy", spent.energy.base())
      .member("operation", spent.opex.base())
      .member("carbon", spent.carbon.base());
  json.member("rent", spent.rent.base()).member("penalties", spent.penalty.base()).member("tax", spent.tax.base());
  json.member("interest", spent.interest.base()).end_object();
  json.member("cumulative_spent_usd", quarter.spent_to_date.total().base());
  json.member("capital_released_usd", released.base()).member("cash_usd", quarter.cash.base());
  json.member("revenue_usd", quarter.revenue.base());
}

void write_services(JsonWriter& json, const Plan& plan, const PlanQuarter& quarter) {
  const auto by_service = [&](auto value) {
    return numbers(plan.services, [&, value](std::size_t i) { return value(quarter.services[i]); });
  };
  json.member("tokens_per_s", by_service([](const ServiceQuarter& s) { return s.served.base(); }));
  json.member("demand_tokens_per_s", by_service([](const ServiceQuarter& s) { return s.demand.base(); }));
  json.member("unmet_tokens_per_s", by_service([](const ServiceQuarter& s) { return s.unmet.base(); }));
  Numbers cost;
  for (std::size_t i = 0; i < plan.services.size(); ++i) {
    if (quarter.services[i].served.base() > 0)
      cost[plan.services[i]] = quarter.services[i].cost_per_token.in(dollar / million_tokens);
  }
  json.member("usd_per_million_tokens", cost);
  json.key("blocks").begin_array();
  for (std::size_t i = 0; i < plan.services.size(); ++i) {
    const auto& service = quarter.services[i];
    for (std::size_t b = 0; b < service.blocks.size(); ++b) {
      const auto& block = service.blocks[b];
      json.begin_object().member("service", plan.services[i]).member("block", plan.blocks[i][b]);
      json.member("wanted_tokens_per_s", block.wanted.base()).member("tokens_per_s", block.served.base());
      json.member("price_usd_per_million", block.price.in(dollar / million_tokens)).end_object();
    }
  }
  json.end_array();
}

void write_supply(JsonWriter& json, const StudySpec& study, const Plan& plan, Quarter quarter) {
  json.key("supply").begin_array();
  for (const auto& taken : plan.taken) {
    if (taken.quarter != quarter) continue;
    json.begin_object().member("product", taken.product).member("supplier", taken.supplier).member("unit", taken.unit);
    json.member("offered", taken.offered).member("taken", taken.taken);
    json.member("share_of_all_made", share_of_all_made(study, taken)).end_object();
  }
  json.end_array();
}

Money released_by(const Programme& programme, Quarter quarter) {
  Money released;
  for (const auto& tranche : programme.capital) released += tranche.from <= quarter ? tranche.amount : Money{};
  return released;
}

void write_period(JsonWriter& json, const StudyReport& report, const Plan& plan, const PlanQuarter& quarter) {
  const auto by_site = [&](auto value) {
    return numbers(plan.sites, [&, value](std::size_t i) { return value(quarter.sites[i]); });
  };
  const auto by_system = [&](auto value) {
    return numbers(plan.accelerators, [&, value](std::size_t i) {
      return value(quarter.systems[i]) * report.prepared.programme.systems[i].accelerators;
    });
  };
  json.begin_object().member("quarter", format_quarter(quarter.quarter));
  json.member("power_mw", quarter.energised.in(megawatt)).member("power_used_mw", quarter.used.in(megawatt));
  json.member("power_by_site_mw", by_site([](const SiteQuarter& s) { return s.energised.in(megawatt); }));
  json.member("built_by_site_mw", by_site([](const SiteQuarter& s) { return s.built.in(megawatt); }));
  json.member("grid_by_site_mw", by_site([](const SiteQuarter& s) { return s.grid.in(megawatt); }));
  const bool own_power = std::any_of(report.prepared.programme.sites.begin(), report.prepared.programme.sites.end(),
                                     [](const PlanSite& s) { return !s.plants.empty() || s.flexible; });
  if (own_power) {
    json.member("plants_by_site_mw", by_site([](const SiteQuarter& s) { return s.plants.in(megawatt); }));
    json.member("made_by_site_mwh", by_site([](const SiteQuarter& s) { return s.made.in(megawatt_hour); }));
    json.member("flexible_by_site_mw", by_site([](const SiteQuarter& s) { return s.flexible.in(megawatt); }));
    json.member("cut_by_site_mw", by_site([](const SiteQuarter& s) { return s.cut.in(megawatt); }));
  }
  json.member("carbon_by_site_t", by_site([](const SiteQuarter& s) { return s.carbon.in(tonne); }));
  json.member("accelerators", by_system([](const SystemQuarter& s) { return s.installed; }));
  json.member("ordered", by_system([](const SystemQuarter& s) { return s.ordered; }));
  json.member("arrived", by_system([](const SystemQuarter& s) { return s.arrived; }));
  json.member("stored", by_system([](const SystemQuarter& s) { return s.stored; }));
  json.member("delivered", by_system([](const SystemQuarter& s) { return s.delivered; }));
  json.member("retired", by_system([](const SystemQuarter& s) { return s.retired; }));
  json.member("failed", by_system([](const SystemQuarter& s) { return s.failed; }));
  json.member("spares", by_system([](const SystemQuarter& s) { return s.spares; }));
  write_spending(json, quarter, released_by(report.prepared.programme, quarter.quarter));
  write_services(json, plan, quarter);
  write_quarter_money(json, plan, quarter);
  write_supply(json, report.prepared.study, plan, quarter.quarter);
  json.member("energy_mwh", quarter.energy.in(megawatt_hour)).member("carbon_t", quarter.carbon.in(tonne)).end_object();
}

void write_limits(JsonWriter& json, const Plan& plan) {
  json.key("limits").begin_array();
  for (const auto& limit : plan.limits) {
    json.begin_object()
        .member("name", limit.group)
        .member("family", limit.family)
        .member("quarter", format_quarter(limit.quarter));
    json.member("unit", limit.unit).member("price_usd", limit.price.base()).member("bound", limit.bound);
    json.member("assumed", limit.assumed).end_object();
  }
  json.end_array().key("limit_ranking").begin_array();
  for (const auto& group : plan.groups) {
    json.begin_object().member("name", group.group).member("family", group.family).member("unit", group.unit);
    json.member("quarters", group.quarters)
        .member("first", format_quarter(group.first))
        .member("last", format_quarter(group.last));
    json.member("worth_usd", group.price.base()).member("one_percent_usd", group.one_percent.base());
    json.member("assumed", group.assumed).end_object();
  }
  json.end_array();
}

void write_plan(JsonWriter& json, const StudyReport& report, const Plan& plan) {
  json.member("status", "optimal").member("value_usd", plan.value.base());
  json.member("present_revenue_usd", plan.revenue.base()).member("beyond_usd", plan.beyond.base());
  if (plan.second_present_value) json.member("second_present_value_usd", plan.second_present_value->base());
  write_costs(json, "costs", plan.paid);
  write_plan_money(json, report.prepared.programme, plan);
  write_plan_ground(json, report, plan);
  write_start_by(json, report.prepared.programme, plan);
  write_names(json, report.prepared);
  json.key("past").begin_array();
  for (const auto& quarter : plan.past) {
    json.begin_object().member("quarter", format_quarter(quarter.quarter));
    json.member("power_mw", quarter.energised.in(megawatt)).member("sites", quarter.sites);
    json.member("accelerators", numbers(plan.accelerators, [&](std::size_t i) { return quarter.accelerators[i]; }));
    json.end_object();
  }
  json.end_array().key("periods").begin_array();
  for (const auto& quarter : plan.quarters) write_period(json, report, plan, quarter);
  json.end_array();
  write_limits(json, plan);
}

void write_comparison(JsonWriter& json, const Comparison& comparison) {
  const auto* base = std::get_if<Plan>(&comparison.base->outcome);
  const auto* other = std::get_if<Plan>(&comparison.other->outcome);
  if (base == nullptr || other == nullptr) return;
  json.key("comparison")
      .begin_object()
      .member("change", comparison.change)
      .member("value_usd", base->value.base());
  json.key("periods").begin_array();
  for (const auto& quarter : base->quarters) {
    json.begin_object()
        .member("quarter", format_quarter(quarter.quarter))
        .member("power_mw", quarter.energised.in(megawatt));
    json.member("accelerators_total", quarter.accelerators).member("spent_usd", quarter.spent.total().base());
    write_services(json, *base, quarter);
    json.end_object();
  }
  json.end_array().key("lost").begin_array();
  const auto difference = compare_plans(*base, *other);
  for (const auto& service : difference.services) {
    json.begin_object()
        .member("service", service.service)
        .member("tokens", -service.served.base())
        .member("share", -service.share);
    json.end_object();
  }
  json.end_array().key("binds_instead").begin_array();
  for (const auto& limit : difference.limits) {
    json.begin_object().member("name", limit.group).member("family", limit.family).member("unit", limit.unit);
    json.member("base_usd", limit.price_base.base()).member("changed_usd", limit.price_other.base()).end_object();
  }
  json.end_array().end_object();
}

}  // namespace

void write_plan_basis(JsonWriter& json, const PlanBasis& basis) {
  json.key("engines").begin_object();
  for (const auto& [name, engine] : basis.engines) {
    json.key(name).begin_object().member("engine", engine.engine).member("engine_versions", engine.versions);
    json.member("expected_error", engine.error).end_object();
  }
  json.end_object();
  if (!basis.training_error.empty()) json.member("training_error", basis.training_error);
}

void write_plan_answer(JsonWriter& json, const StudyReport& report, const Comparison* comparison) {
  const auto& study = report.prepared.study;
  json.member("schema_version", 1);
  json.key("program").begin_object().member("name", "stargate").member("version", STARGATE_VERSION).end_object();
  json.key("study")
      .begin_object()
      .member("name", study.name)
      .member("file", report.prepared.file)
      .member("about", study.about)
      .end_object();
  if (comparison != nullptr) json.member("change", comparison->change);
  if (const auto* plan = std::get_if<Plan>(&report.outcome)) {
    write_plan(json, report, *plan);
    if (comparison != nullptr) write_comparison(json, *comparison);
  } else if (const auto* infeasible = std::get_if<InfeasiblePlan>(&report.outcome)) {
    json.member("status", "infeasible");
    write_names(json, report.prepared);
    json.key("relaxations").begin_array();
    for (const auto& gap : infeasible->gaps) {
      json.begin_object()
          .member("name", gap.group)
          .member("family", gap.family)
          .member("quarter", format_quarter(gap.quarter));
      json.member("unit", gap.unit).member("amount", gap.amount).member("sentence", gap.sentence).end_object();
    }
    json.end_array();
  } else {
    json.member("status", "unsolved").member("message", std::get<UnsolvedPlan>(report.outcome).message);
  }
}

}  // namespace stargate
