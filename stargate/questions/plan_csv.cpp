// One table a file, a row a quarter and thing, for spreadsheets.
#include <fmt/format.h>

#include "stargate/base/text_table.hpp"
#include "stargate/questions/plan_report.hpp"

namespace stargate {
namespace {

std::string number(double value) { return fmt::format("{}", value == 0 ? 0.0 : value); }

std::string periods_csv(const Plan& plan) {
  TextTable table({{"quarter"},
                   {"power_mw"},
                   {"power_used_mw"},
                   {"accelerators"},
                   {"spent_usd"},
                   {"cumulative_spent_usd"},
                   {"systems_usd"},
                   {"construction_usd"},
                   {"energy_usd"},
                   {"operation_usd"},
                   {"rent_usd"},
                   {"penalties_usd"},
                   {"tax_usd"},
                   {"interest_usd"},
                   {"revenue_usd"},
                   {"cash_usd"},
                   {"energy_mwh"},
                   {"carbon_t"}});
  for (const auto& q : plan.quarters) {
    const auto& s = q.spent;
    std::vector<std::string> row{format_quarter(q.quarter)};
    for (const double v :
         {q.energised.in(megawatt), q.used.in(megawatt), q.accelerators, s.total().base(),
          q.spent_to_date.total().base(), s.systems().base(), s.construction.base(), s.energy.base(), s.opex.base(),
          s.rent.base(), s.penalty.base(), s.tax.base(), s.interest.base(), q.revenue.base(), q.cash.base(), q.energy.in(megawatt_hour), q.carbon.in(tonne)}) {
      row.push_back(number(v));
    }
    table.add_row(row);
  }
  return table.format_csv();
}

std::string services_csv(const Plan& plan) {
  TextTable table({{"quarter"},
                   {"service"},
                   {"tokens_per_s"},
                   {"demand_tokens_per_s"},
                   {"unmet_tokens_per_s"},
                   {"usd_per_million_tokens"},
                   {"long_run_usd_per_million_tokens"},
                   {"marginal_usd_per_million_tokens"},
                   {"revenue_usd"}});
  for (const auto& q : plan.quarters) {
    for (std::size_t i = 0; i < plan.services.size(); ++i) {
      const auto& s = q.services[i];
      const auto per_million = dollar / million_tokens;
      table.add_row({format_quarter(q.quarter), plan.services[i], number(s.served.base()), number(s.demand.base()),
                     number(s.unmet.base()), number(s.cost_per_token.in(per_million)),
                     number(s.long_run_cost.in(per_million)), number(s.marginal_cost.in(per_million)), number(s.revenue.base())});
    }
  }
  return table.format_csv();
}

std::string sites_csv(const Plan& plan) {
  TextTable table({{"quarter"},
                   {"site"},
                   {"grid_mw"},
                   {"built_mw"},
                   {"energised_mw"},
                   {"used_mw"},
                   {"started_mw"},
                   {"system"},
                   {"installed"},
                   {"delivered"},
                   {"retired"},
                   {"site_carbon_t"}});
  for (const auto& q : plan.quarters) {
    for (std::size_t i = 0; i < plan.sites.size(); ++i) {
      const auto& s = q.sites[i];
      for (std::size_t k = 0; k < plan.systems.size(); ++k) {
        const auto& at = s.systems[k];
        table.add_row({format_quarter(q.quarter), plan.sites[i], number(s.grid.in(megawatt)),
                       number(s.built.in(megawatt)), number(s.energised.in(megawatt)), number(s.used.in(megawatt)),
                       number(s.started.in(megawatt)),
                       plan.systems[k], number(at.installed), number(at.delivered), number(at.retired),
                       number(s.carbon.in(tonne))});
      }
    }
  }
  return table.format_csv();
}

std::string supply_csv(const Plan& plan) {
  TextTable table({{"quarter"}, {"product"}, {"supplier"}, {"unit"}, {"offered"}, {"taken"}});
  for (const auto& t : plan.taken) {
    table.add_row({format_quarter(t.quarter), t.product, t.supplier, t.unit, number(t.offered), number(t.taken)});
  }
  return table.format_csv();
}

std::string limits_csv(const Plan& plan) {
  TextTable table({{"quarter"}, {"name"}, {"family"}, {"unit"}, {"price_usd"}, {"bound"}, {"assumed"}});
  for (const auto& l : plan.limits) {
    table.add_row({format_quarter(l.quarter), l.group, l.family, l.unit, number(l.price.base()), number(l.bound),
                   l.assumed ? "yes" : "no"});
  }
  return table.format_csv();
}

std::string rates_csv(const PreparedStudy& prepared) {
  TextTable table({{"service"},
                   {"system"},
                   {"accelerator"},
                   {"tokens_per_s"},
                   {"accelerators"},
                   {"engine"},
                   {"mode"},
                   {"precision"},
                   {"layout"},
                   {"limit"},
                   {"law_basis"},
                   {"share_fitted"},
                   {"share_carried_over"},
                   {"share_typical"},
                   {"share_specification"}});
  for (const auto& r : prepared.rates) {
    table.add_row({r.service, r.system, r.accelerator, number(r.per_accelerator.base()), std::to_string(r.accelerators),
                   r.engine, r.mode, r.precision, r.layout, r.limit, r.law, number(r.shares[LawOrigin::fitted]), number(r.shares[LawOrigin::carried_over]),
                   number(r.shares[LawOrigin::typical]), number(r.shares[LawOrigin::specification])});
  }
  return table.format_csv();
}

}  // namespace

std::vector<CsvFile> format_plan_csv(const StudyReport& report) {
  std::vector<CsvFile> files{{"rates.csv", rates_csv(report.prepared)}};
  if (const auto* plan = std::get_if<Plan>(&report.outcome)) {
    files.push_back({"periods.csv", periods_csv(*plan)});
    files.push_back({"services.csv", services_csv(*plan)});
    files.push_back({"sites.csv", sites_csv(*plan)});
    files.push_back({"supply.csv", supply_csv(*plan)});
    files.push_back({"limits.csv", limits_csv(*plan)});
  }
  return files;
}

}  // namespace stargate
