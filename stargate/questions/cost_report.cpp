// One bill in three columns of money: an accelerator, a system, the site.
#include "stargate/questions/cost_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stargate/base/text_table.hpp"

namespace stargate {
namespace {

MoneyRate depreciation_of(const OwnershipCost& c) {
  MoneyRate sum;
  for (const CapitalLine& line : c.capital) sum += line.depreciation;
  return sum;
}

/// A row of the bill; of one accelerator.
struct BillRow {
  std::string name;
  Money price;
  Duration life;
  MoneyRate depreciation, interest, running;  ///< running: upkeep, energy, rent

  MoneyRate hour() const { return depreciation + interest + running; }
  BillRow& operator+=(const BillRow& o) {
    price += o.price, depreciation += o.depreciation, interest += o.interest, running += o.running;
    return *this;
  }
};

std::string name_of(CapitalClass c) {
  for (const auto& [name, known] : EnumNames<CapitalClass>::names) {
    if (known == c) return name;
  }
  return {};
}

/// Classes that are bought, then power; the total is their sum.
std::vector<BillRow> bill_rows(const CostAnswer& answer) {
  std::vector<BillRow> rows;
  for (int i = 0; i < kCapitalClasses; ++i) {
    const auto c = static_cast<CapitalClass>(i);
    const CapitalLine& line = answer.mid.line(c);
    if (line.price.base() <= 0) continue;
    rows.push_back({name_of(c), line.price, line.life, line.depreciation, line.interest(), line.upkeep});
  }
  rows.push_back({answer.owner.colocation ? "colocation" : "electricity", {}, {}, {}, {}, answer.mid.power});
  return rows;
}

BillRow total_of(const std::vector<BillRow>& rows) {
  BillRow total{"all", {}, {}, {}, {}, {}};
  for (const auto& row : rows) total += row;
  return total;
}

double hourly(MoneyRate rate) { return rate.in(dollar / hour); }
std::string cents(MoneyRate rate) { return rate.base() == 0 ? "-" : fmt::format("{:.3f}", hourly(rate)); }
std::string money(Money price) { return price.base() == 0 ? "-" : format_quantity(price); }
std::string with_commas(double count) {
  std::string digits = fmt::format("{:.0f}", count);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}
/// "459,000", three digits of a large count.
std::string count_text(double count) {
  const double step = std::max(1.0, std::pow(10, std::floor(std::log10(std::max(count, 1.0))) - 2));
  return with_commas(std::round(count / step) * step);
}

std::string network_text(const CostAnswer& answer) {
  const ClusterShare& share = answer.mid.cluster;
  if (share.radix == 0) return "no switches are listed for it";
  return fmt::format("{} {} of {}-port switches, {} of them for {} accelerators", share.tree.tiers,
                     share.tree.tiers == 1 ? "tier" : "tiers", share.radix,
                     with_commas(answer.switches()), with_commas(answer.cluster));
}

/// What is paid for an accelerator in the first years, and what of its price is then still in the books.
std::string years_text(const OwnershipCost& c, double years) {
  Money left;
  for (const CapitalLine& line : c.capital) left += max(Money{}, line.price - years * year * line.depreciation);
  return fmt::format("  {:g} years    {} an accelerator, of it {} interest\n"
                     "             {} of its price of {} is then not written off\n",
                     years, format_quantity(years * year * c.hour()),
                     format_quantity(years * year * (c.annuities() - depreciation_of(c))), format_quantity(left),
                     format_quantity(c.capital_price()));
}

std::string rent_text(const CostAnswer& answer) {
  if (!answer.rent) return {};
  const double share = answer.break_even();
  return fmt::format("  rent       {:.2f} $ an hour ({})\n             {}\n", hourly(answer.rent->mid), answer.rent->origin,
                     share < 1 ? fmt::format("owning costs less where more than {:.0f} % of the hours are used", 100 * share)
                               : "renting costs less however many are used");
}

std::string lives_text(const CostAnswer& answer) {
  std::string out = "  life      ";
  for (const auto& [years, cost] : answer.by_life) out += fmt::format(" {:g} years {:.2f} $,", years, hourly(cost));
  out.back() = '\n';
  return out;
}

std::string bought_memory_text(const CostAnswer& answer) {
  if (!answer.memory) return {};
  const MemoryBill& m = *answer.memory;
  return fmt::format(
      "  memory     {:.0f} GiB of {}: {} an accelerator ({} to {}), {:.1f} % of the system's price; a fifth dearer, {} "
      "more\n",
      m.capacity.in(gibibyte), m.kind, format_quantity(m.mid), format_quantity(m.low), format_quantity(m.high),
      100 * static_cast<double>(answer.system.accelerators) * (m.mid / answer.system.price.mid),
      format_quantity(0.2 * m.mid));
}

/// Of the energy at full load, by the mean intensity of the site's grid.
Mass carbon_of_an_hour(const CostAnswer& answer) { return answer.mid.meter_power * hour * answer.site->carbon; }

std::string carbon_text(const CostAnswer& answer) {
  if (!answer.site) return {};
  const Mass mass = carbon_of_an_hour(answer);
  return fmt::format("  carbon     {:.2f} kg an accelerator's hour at full load ({:.0f} g/kWh, the grid's mean over a "
                     "year), {:.2f} Mt a year in all\n",
                     mass.in(1e3 * gram), answer.site->carbon * kilowatt_hour / gram,
                     (answer.accelerators() * (year / hour) * mass).in(1e6 * tonne));
}

/// The range is that of the system's price alone.
std::string summary(const CostAnswer& answer) {
  const OwnershipCost& c = answer.mid;
  std::string out = fmt::format("{}, owner {} ({}){}\n", answer.system.name, answer.owner.id, answer.owner.name,
                                answer.site ? ", at " + answer.site->name : std::string());
  out += fmt::format("  an hour    {:.2f} $ an accelerator ({:.2f} to {:.2f} by the price of the system)\n",
                     hourly(c.hour()), hourly(answer.low), hourly(answer.high));
  out += fmt::format("             {:.2f} $ an hour sold, of {:.0f} % of them\n", hourly(c.hour_sold()),
                     100 * c.utilisation);
  out += rent_text(answer) + lives_text(answer) + years_text(c, 3);
  out += fmt::format("  power      {} an accelerator at the meter, {} of it machines and network\n",
                     format_quantity(c.meter_power), format_quantity(c.it_power));
  out += carbon_text(answer) + bought_memory_text(answer);
  out += fmt::format("  network    {}\n", network_text(answer));
  out += fmt::format("  {:<10} {} accelerators, {} systems; {} of capital, {} a year\n", format_quantity(answer.power),
                     count_text(answer.accelerators()),
                     count_text(answer.accelerators() / answer.system.accelerators),
                     format_quantity(answer.accelerators() * c.capital_price()),
                     format_quantity(answer.accelerators() * c.hour() * year));
  out += fmt::format("  money      {:g} % a year{}\n", 100 * answer.owner.capital_cost,
                     answer.owner.price_factor == 1
                         ? ""
                         : fmt::format("; systems at {:g} of their price", answer.owner.price_factor));
  return out;
}

}  // namespace

std::string bill_text(const CostAnswer& answer) {
  const std::vector<BillRow> rows = bill_rows(answer);
  const BillRow total = total_of(rows);
  TextTable table({{"where it goes", Align::left},
                   {"an accelerator"},
                   {"a system"},
                   {format_quantity(answer.power)},
                   {"years"},
                   {"depreciation"},
                   {"interest"},
                   {"running"},
                   {"$/h"},
                   {"share"}});
  const auto add = [&](const BillRow& row) {
    table.add_row({row.name == "power_supply" ? "power supply" : row.name, money(row.price),
                   money(static_cast<double>(answer.system.accelerators) * row.price),
                   money(answer.accelerators() * row.price),
                   row.life.base() == 0 ? "" : fmt::format("{:g}", row.life / year), cents(row.depreciation),
                   cents(row.interest), cents(row.running), cents(row.hour()),
                   fmt::format("{:.1f} %", 100 * (row.hour() / total.hour()))});
  };
  for (const auto& row : rows) add(row);
  table.add_rule();
  add(total);
  return summary(answer) + "\n" + table.format(2);
}

void write_bill(JsonWriter& json, const CostAnswer& answer) {
  const OwnershipCost& c = answer.mid;
  json.member("schema_version", 1).member("system", answer.system.id).member("owner", answer.owner.id);
  if (answer.site) json.member("site", answer.site->id);
  json.member("cluster", answer.cluster);
  json.member("usd_per_gpu_hour", hourly(c.hour())).member("usd_per_gpu_hour_low", hourly(answer.low));
  json.member("usd_per_gpu_hour_high", hourly(answer.high)).member("usd_per_gpu_hour_sold", hourly(c.hour_sold()));
  if (answer.rent) {
    json.member("rent_usd_per_gpu_hour", hourly(answer.rent->mid)).member("rent_origin", answer.rent->origin);
    json.member("break_even_utilisation", answer.break_even());
  }
  json.key("by_life").begin_array();
  for (const auto& [years, cost] : answer.by_life) {
    json.begin_object().member("life_years", years).member("usd_per_gpu_hour", hourly(cost)).end_object();
  }
  json.end_array();
  json.member("meter_kw_per_gpu", c.meter_power.in(kilowatt)).member("it_kw_per_gpu", c.it_power.in(kilowatt));
  if (answer.site) json.member("carbon_kg_per_gpu_hour", carbon_of_an_hour(answer).in(1e3 * gram));
  if (answer.memory) {
    json.member("memory", answer.memory->kind).member("memory_usd_per_gpu", answer.memory->mid.in(dollar));
    json.member("memory_usd_per_gpu_low", answer.memory->low.in(dollar));
    json.member("memory_usd_per_gpu_high", answer.memory->high.in(dollar));
  }
  json.member("switch_tiers", c.cluster.tree.tiers).member("switches", answer.switches());
  json.member("site_power_mw", answer.power.in(megawatt)).member("site_gpus", answer.accelerators());
  json.member("site_systems", answer.accelerators() / answer.system.accelerators);
  json.member("site_capital_usd", (answer.accelerators() * c.capital_price()).in(dollar));
  json.member("site_usd_per_year", (answer.accelerators() * c.hour() * year).in(dollar));
  json.key("bill").begin_array();
  for (const auto& row : bill_rows(answer)) {
    json.begin_object().member("class", row.name).member("usd_per_gpu", row.price.in(dollar));
    json.member("life_years", row.life / year).member("depreciation_usd_per_gpu_hour", hourly(row.depreciation));
    json.member("interest_usd_per_gpu_hour", hourly(row.interest));
    json.member("running_usd_per_gpu_hour", hourly(row.running)).member("usd_per_gpu_hour", hourly(row.hour()));
    json.end_object();
  }
  json.end_array();
}

AnswerFields bill_answer_fields() {
  return {{"system", "text", "Its id"},
          {"owner", "text", "Its id"},
          {"site", "text", "Its id; absent: the owner's usual facility"},
          {"cluster", "number", "Accelerators that one network joins"},
          {"usd_per_gpu_hour", "number", "Of one accelerator, used or not"},
          {"usd_per_gpu_hour_low", "number", "At the lowest price of the system"},
          {"usd_per_gpu_hour_high", "number", "At its highest"},
          {"usd_per_gpu_hour_sold", "number", "Over the owner's utilisation"},
          {"rent_usd_per_gpu_hour", "number", "Median of the latest quarter's quotes; absent: none are known"},
          {"rent_origin", "text", "Which quotes"},
          {"break_even_utilisation", "number", "Share of the hours used above which owning costs less than renting them"},
          {"by_life[]/life_years", "number", "Of systems, network and storage"},
          {"by_life[]/usd_per_gpu_hour", "number", "With that life"},
          {"meter_kw_per_gpu", "number", "All-in, at the meter"},
          {"it_kw_per_gpu", "number", "Of it machines and network"},
          {"carbon_kg_per_gpu_hour", "number", "At full load, by the mean of the site's grid; absent: no site"},
          {"memory", "text", "Kind of the accelerator's memory; absent: nobody published its price"},
          {"memory_usd_per_gpu", "number", "At the contract price of its kind; part of the system"},
          {"memory_usd_per_gpu_low", "number", "At the lowest"},
          {"memory_usd_per_gpu_high", "number", "At the highest"},
          {"switch_tiers", "integer", "Of the network between systems; 0: no switches listed"},
          {"switches", "number", "In one cluster, whole ones"},
          {"site_power_mw", "number", "Of the site that is filled, at the meter"},
          {"site_gpus", "number", "Accelerators in it"},
          {"site_systems", "number", "Systems in it"},
          {"site_capital_usd", "number", "What it costs to buy and build"},
          {"site_usd_per_year", "number", "What it costs a year"},
          {"bill[]/class", "text", "Class of capital; electricity or colocation"},
          {"bill[]/usd_per_gpu", "number", "Capital"},
          {"bill[]/life_years", "number", "Over which it is paid; 0: no capital"},
          {"bill[]/depreciation_usd_per_gpu_hour", "number", "Capital over its life"},
          {"bill[]/interest_usd_per_gpu_hour", "number", "The rest of its annuity"},
          {"bill[]/running_usd_per_gpu_hour", "number", "Upkeep, energy, rent"},
          {"bill[]/usd_per_gpu_hour", "number", "The three together"}};
}

std::string bill_csv(const CostAnswer& answer) {
  TextTable table({{"class"},
                   {"usd_per_gpu"},
                   {"usd_per_system"},
                   {"site_usd"},
                   {"life_years"},
                   {"depreciation_usd_per_gpu_hour"},
                   {"interest_usd_per_gpu_hour"},
                   {"running_usd_per_gpu_hour"},
                   {"usd_per_gpu_hour"}});
  std::vector<BillRow> rows = bill_rows(answer);
  rows.push_back(total_of(rows));
  for (const auto& row : rows) {
    std::vector<std::string> cells{row.name};
    const Money of_system = static_cast<double>(answer.system.accelerators) * row.price;
    for (const double figure :
         {row.price.in(dollar), of_system.in(dollar), (answer.accelerators() * row.price).in(dollar), row.life / year,
          hourly(row.depreciation), hourly(row.interest), hourly(row.running), hourly(row.hour())}) {
      cells.push_back(fmt::format("{}", figure));
    }
    table.add_row(std::move(cells));
  }
  return table.format_csv();
}

}  // namespace stargate
