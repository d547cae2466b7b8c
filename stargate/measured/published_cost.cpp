// A figure is one function of ownership_cost; the same bill at the low, middle and high price of the system.
#include "stargate/measured/published_cost.hpp"

#include <algorithm>
#include <sstream>

#include "stargate/base/text_table.hpp"
#include "stargate/finance/ownership_cost.hpp"
#include "stargate/measured/measured_table.hpp"
#include "stargate/measured/validation_json.hpp"

namespace stargate {
namespace {

using P = PublishedCost;

constexpr MeasuredField<P> kFields[] = {{"figure", &P::figure, true},   {"system", &P::system, true},
                                        {"owner", &P::owner, true},     {"cluster", &P::cluster, true},
                                        {"low", &P::low, true},         {"high", &P::high, true},
                                        {"stated", &P::stated, true, " stated placeholder "},
                                        {"source", &P::source, true},   {"note", &P::note}};

double share_of(const OwnershipCost& cost, std::initializer_list<CapitalClass> classes) {
  Money sum;
  for (const auto c : classes) sum += cost.line(c).price;
  return 100 * (sum / cost.capital_price());
}

struct Figure {
  const char* name;
  double (*value)(const OwnershipCost&, const PublishedCost&);
};
constexpr Figure kFigures[] = {
    {"gpu_hour_usd", [](const OwnershipCost& c, const P&) { return c.hour().in(dollar / hour); }},
    {"gpu_power_kw", [](const OwnershipCost& c, const P&) { return c.meter_power.in(kilowatt); }},
    {"gpus_per_gw", [](const OwnershipCost& c, const P&) { return c.accelerators_in(gigawatt); }},
    {"gw_capital_busd",
     [](const OwnershipCost& c, const P&) {
       return (c.accelerators_in(gigawatt) * c.capital_price()).in(billion_dollars);
     }},
    {"capital_share_it_pct",
     [](const OwnershipCost& c, const P&) {
       return share_of(c, {CapitalClass::systems, CapitalClass::network});
     }},
    {"capital_share_storage_pct",
     [](const OwnershipCost& c, const P&) { return share_of(c, {CapitalClass::storage}); }},
    {"capital_share_power_and_cooling_pct",
     [](const OwnershipCost& c, const P&) {
       return share_of(c, {CapitalClass::power_supply, CapitalClass::cooling});
     }},
    {"cluster_gpu_usd",
     [](const OwnershipCost& c, const P&) {
       return (c.line(CapitalClass::systems).price + c.cluster.price()).in(dollar);
     }},
    {"switches", [](const OwnershipCost& c, const P& row) { return c.cluster.switch_count * row.cluster; }}};

const Figure* find_figure(const std::string& name) {
  const auto found = std::find_if(std::begin(kFigures), std::end(kFigures),
                                  [&](const Figure& figure) { return name == figure.name; });
  return found == std::end(kFigures) ? nullptr : found;
}

template <class Fault>
void check_row(const Catalogue& catalogue, const PublishedCost& row, const Fault& fault) {
  if (find_figure(row.figure) == nullptr) fault("figure", row.figure, "a figure of cost");
  if (!catalogue.systems.contains(row.system)) fault("system", row.system, "a system of the catalogue");
  if (!catalogue.owners.contains(row.owner)) fault("owner", row.owner, "an owner of the catalogue");
  if (row.cluster < 1) fault("cluster", fmt::format("{:g}", row.cluster), "a number of accelerators");
  if (!(0 < row.low && row.low <= row.high)) fault("high", fmt::format("{:g}", row.high), "at least 'low', above 0");
  std::istringstream ids(row.source);
  bool any = false;
  for (std::string id; ids >> id; any = true) {
    if (!catalogue.sources.contains(id)) fault("source", id, "an id of sources.yaml");
  }
  if (!any) fault("source", row.source, "an id of sources.yaml");
}

/// Four digits; all of a large count.
std::string figure_text(double value) { return value < 1e4 ? fmt::format("{:.4g}", value) : fmt::format("{:.0f}", value); }
std::string range_text(double low, double high) {
  return low == high ? figure_text(low) : figure_text(low) + " to " + figure_text(high);
}

}  // namespace

double PredictedCost::published() const { return std::clamp(mid, row->low, row->high); }

Result<std::vector<PublishedCost>> load_published_costs(const FileReader& files, const std::string& folder,
                                                        const Catalogue& catalogue) {
  const std::string path = folder + "/published_costs.csv";
  const auto text = files.read(path);
  if (!text) return text.faults();
  const auto table = parse_csv(path, *text);
  if (!table) return table.faults();
  return read_measured_table<PublishedCost>(
      *table, kFields, [&](const PublishedCost& row, const auto& fault) { check_row(catalogue, row, fault); });
}

CostValidation validate_cost(const Catalogue& catalogue, const std::vector<PublishedCost>& rows, std::size_t worst) {
  CostValidation out;
  ValidationTally tally(worst);
  for (const auto& row : rows) {
    const System& system = catalogue.systems.at(row.system);
    const Figure& figure = *find_figure(row.figure);
    const auto at = [&](Money price) {
      return figure.value(
          ownership_cost(catalogue, system, price, catalogue.owners.at(row.owner), {nullptr, row.cluster}), row);
    };
    PredictedCost predicted{&row, at(system.price.low), at(system.price.mid), at(system.price.high)};
    const double published = predicted.published();
    tally.add({row.source, row.system, row.owner, {}, row.figure, row.stated}, {}, published, predicted.mid);
    if (tally.is_among_worst(published, predicted.mid)) {
      tally.note_worst({row.source,
                        fmt::format("{} of {}, {}, clusters of {:.0f}", row.figure, row.system, row.owner, row.cluster),
                        published, predicted.mid});
    }
    out.rows.push_back(predicted);
  }
  out.report = tally.report();
  return out;
}

std::string format_cost_validation_text(const CostValidation& validation) {
  TextTable table({{"figure", Align::left},
                   {"system", Align::left},
                   {"owner", Align::left},
                   {"cluster"},
                   {"published"},
                   {"ours"},
                   {"by price of the system"},
                   {"error"},
                   {"source", Align::left}});
  std::string before;
  for (const auto& p : validation.rows) {
    if (!before.empty() && before != p.row->figure) table.add_rule();
    before = p.row->figure;
    table.add_row({p.row->figure + (p.row->stated == "stated" ? "" : ", " + p.row->stated), p.row->system,
                   p.row->owner, fmt::format("{:.0f}", p.row->cluster), range_text(p.row->low, p.row->high),
                   figure_text(p.mid),
                   p.low == p.high ? "" : range_text(std::min(p.low, p.high), std::max(p.low, p.high)),
                   fmt::format("{:+.1f} %", 100 * p.error()), p.row->source});
  }
  return "What was published, and what `stargate cost` says; a range that is published is met anywhere in it.\n" +
         table.format() + "\n" + format_overall_text(validation.report, "");
}

void write_cost_validation(JsonWriter& json, const CostValidation& validation) {
  write_validation(json, validation.report);
  json.key("costs").begin_array();
  for (const auto& p : validation.rows) {
    json.begin_object().member("figure", p.row->figure).member("system", p.row->system).member("owner", p.row->owner);
    json.member("cluster", p.row->cluster).member("stated", p.row->stated).member("source", p.row->source);
    json.member("published_low", p.row->low).member("published_high", p.row->high);
    json.member("predicted", p.mid).member("predicted_low", p.low).member("predicted_high", p.high);
    json.member("error_pct", 100 * p.error()).end_object();
  }
  json.end_array();
}

std::string format_cost_validation_csv(const CostValidation& validation) {
  TextTable table({{"figure"},
                   {"system"},
                   {"owner"},
                   {"cluster"},
                   {"stated"},
                   {"source"},
                   {"note"},
                   {"published_low"},
                   {"published_high"},
                   {"predicted"},
                   {"predicted_low"},
                   {"predicted_high"},
                   {"error_pct"},
                   {"command"}});
  for (const auto& p : validation.rows) {
    const PublishedCost& r = *p.row;
    std::vector<std::string> cells{r.figure, r.system, r.owner, fmt::format("{:.0f}", r.cluster),
                                   r.stated, r.source, r.note};
    for (const double figure : {r.low, r.high, p.mid, p.low, p.high}) cells.push_back(fmt::format("{:.6g}", figure));
    cells.push_back(fmt::format("{:.2f}", 100 * p.error()));
    cells.push_back(fmt::format("stargate cost --system {} --owner {} --cluster {:.0f}", r.system, r.owner, r.cluster));
    table.add_row(std::move(cells));
  }
  return table.format_csv();
}

}  // namespace stargate
