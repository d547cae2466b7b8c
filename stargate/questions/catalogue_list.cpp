// The figures people compare first, a table a kind.
#include "stargate/questions/catalogue_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "stargate/base/text_table.hpp"
#include "stargate/catalogue/catalogue_without_laws.hpp"
#include "stargate/config/json_writer.hpp"
#include "stargate/questions/record_document.hpp"

namespace stargate {
namespace {

std::string quantity_or_dash(const auto& quantity) { return quantity ? format_quantity(*quantity) : "-"; }

TextTable accelerator_table(const Catalogue& catalogue) {
  TextTable table({{"accelerator", Align::left},
                   {"vendor", Align::left},
                   {"from"},
                   {"memory"},
                   {"bandwidth"},
                   {"bf16"},
                   {"fp8"},
                   {"fp4"},
                   {"power"},
                   {"domain"},
                   {"price"}});
  for (const auto& [id, a] : catalogue.accelerators) {
    const auto peak = [&peaks = a.peak](Precision p) {
      return peaks.contains(p) ? format_quantity(peaks.at(p)) : std::string("-");
    };
    table.add_row({id, a.vendor, format_quarter(a.available), format_quantity(a.memory_capacity),
                   format_quantity(a.memory_bandwidth), peak(Precision::bf16), peak(Precision::fp8),
                   peak(Precision::fp4), format_quantity(a.power), std::to_string(a.scale_up_domain),
                   a.price ? format_quantity(a.price->mid) : "-"});
  }
  return table;
}

TextTable system_table(const Catalogue& catalogue) {
  TextTable table({{"system", Align::left},
                   {"accelerators", Align::left},
                   {"domain"},
                   {"power"},
                   {"price"},
                   {"scale-up", Align::left},
                   {"scale-out", Align::left},
                   {"from"}});
  for (const auto& [id, s] : catalogue.systems) {
    table.add_row({id, fmt::format("{} {}", s.accelerators, s.accelerator), std::to_string(s.scale_up_domain),
                   format_quantity(s.power), format_quantity(s.price.mid), s.scale_up, s.scale_out,
                   format_quarter(s.available)});
  }
  return table;
}

TextTable site_table(const Catalogue& catalogue) {
  TextTable table({{"site", Align::left},
                   {"country", Align::left},
                   {"announced"},
                   {"electricity"},
                   {"carbon"},
                   {"PUE"},
                   {"construction"},
                   {"power after"}});
  for (const auto& [id, s] : catalogue.sites) {
    table.add_row({id, s.country, format_quantity(s.announced_power), format_quantity(s.electricity_price),
                   format_quantity(s.carbon), fmt::format("{:.2f}", s.pue), format_quantity(s.construction_price.mid),
                   fmt::format("{:.0f} months", s.power_lead_time.in(month))});
  }
  return table;
}

TextTable memory_table(const Catalogue& catalogue) {
  TextTable table({{"memory", Align::left}, {"from"}, {"a stack"}, {"bandwidth"}, {"price"}});
  for (const auto& [id, m] : catalogue.memories) {
    table.add_row({id, std::to_string(m.year), quantity_or_dash(m.capacity_per_stack),
                   quantity_or_dash(m.bandwidth_per_stack), m.price ? format_quantity(m.price->mid) : "-"});
  }
  return table;
}

TextTable model_table(const Catalogue& catalogue) {
  TextTable table({{"model", Align::left}, {"layers"}, {"parameters"}, {"active"}, {"weights"}, {"KV a token"}});
  for (const auto& [id, m] : catalogue.models) {
    table.add_row({id, std::to_string(m.layer_count()),
                   fmt::format("{:.1f} B", static_cast<double>(parameter_count(m)) / 1e9),
                   fmt::format("{:.1f} B", static_cast<double>(active_parameter_count(m)) / 1e9),
                   format_quantity(weight_bytes(m)), format_quantity(kv_bytes_per_token(m, m.kv_precision))});
  }
  return table;
}

TextTable supplier_table(const Catalogue& catalogue) {
  TextTable table(
      {{"supplier", Align::left}, {"product", Align::left}, {"2025Q4"}, {"2026Q4"}, {"2028Q4"}, {"lead time"}});
  for (const auto& [id, supplier] : catalogue.suppliers) {
    if (supplier.delivers.empty()) table.add_row({id, "-"});
    for (const auto& supply : supplier.delivers) {
      const auto at = [&](int y) {
        const auto quarter = Quarter::of(y, 4);
        return supply.capacity ? format_quantity(supply.capacity->at(quarter))
                               : fmt::format("{:.0f}", supply.units->at(quarter));
      };
      table.add_row(
          {id, supply.product, at(2025), at(2026), at(2028), fmt::format("{:.0f} months", supply.lead_time.in(month))});
    }
  }
  return table;
}

TextTable calibration_table(const Catalogue& catalogue) {
  TextTable table(
      {{"calibration", Align::left}, {"groups"}, {"rows used"}, {"held out: worst median"}, {"carried over: median"}});
  for (const auto& [id, c] : catalogue.calibrations) {
    int rows = 0;
    double worst = 0;
    for (const auto& group : c.groups) rows += group.used.rows, worst = std::max(worst, group.held_out.median_pct);
    table.add_row({id, std::to_string(c.groups.size()), std::to_string(rows), fmt::format("{:.1f} %", worst),
                   c.left_out ? fmt::format("{:.1f} %", c.left_out->median_pct) : "-"});
  }
  return table;
}

/// All fits together: what they used, and how far off they are on rows that they did not.
std::string calibration_sum(const Catalogue& catalogue) {
  std::set<std::string> devices;
  std::vector<double> medians;
  int rows = 0;
  for (const auto& [id, c] : catalogue.calibrations) {
    double worst = 0;
    for (const auto& group : c.groups) rows += group.used.rows, worst = std::max(worst, group.held_out.median_pct);
    devices.insert(c.device), medians.push_back(worst);
  }
  if (medians.empty()) return {};
  std::sort(medians.begin(), medians.end());
  return fmt::format("\n{} rows of {} devices used; of half of the devices' laws the worst median is below {:.1f} %\n",
                     rows, devices.size(), medians[medians.size() / 2]);
}

template <class Coefficients, class R>
std::string fitted_sum(const std::vector<CoefficientHandle<Coefficients>>& handles, const R& record) {
  const auto fitted = std::count_if(handles.begin(), handles.end(), [&](const auto& handle) {
    const SourceNote* note = record.source_of(handle.name);
    return note != nullptr && note->fitted;
  });
  return fmt::format("{} coefficients, {} of them fitted", handles.size(), fitted);
}

/// What a table of a kind comes to; empty for most kinds.
std::string kind_sum(const Catalogue& catalogue, const std::string& kind) {
  if (kind == "calibration") return calibration_sum(catalogue);
  if (kind == "training" && !catalogue.training.empty()) {
    return "\n" + fitted_sum(training_coefficient_handles(), catalogue.training.begin()->second) + "\n";
  }
  if (kind == "engine" && !catalogue.engines.empty()) {
    return "\nthe last: " + fitted_sum(engine_coefficient_handles(), catalogue.engines.rbegin()->second) + "\n";
  }
  return {};
}

/// Kinds without figures to compare at a glance: id and name.
template <class R>
TextTable name_table(const char* kind, const Records<R>& records) {
  TextTable table({{kind, Align::left}, {"name", Align::left}});
  for (const auto& [id, record] : records) table.add_row({id, record.name});
  return table;
}

/// "from 0.8, before 0.14"; without the bounds that are not there.
std::string versions_text(const std::string& from, const std::string& to) {
  const std::string since = from.empty() ? "" : "from " + from, before = to.empty() ? "" : "before " + to;
  return since + (since.empty() || before.empty() ? "" : ", ") + before;
}

TextTable engine_table(const Catalogue& catalogue) {
  TextTable table({{"engine", Align::left},
                   {"name", Align::left},
                   {"versions", Align::left},
                   {"step overhead"},
                   {"a sequence"},
                   {"a request"}});
  for (const auto& [id, e] : catalogue.engines) {
    table.add_row({id, e.name, versions_text(e.since, e.before),
                   format_quantity(e.step_overhead), format_quantity(e.sequence_overhead),
                   format_quantity(e.request_overhead)});
  }
  return table;
}

TextTable engine_memory_table(const Catalogue& catalogue) {
  TextTable table({{"engine_memory", Align::left},
                   {"versions", Align::left},
                   {"share"},
                   {"of", Align::left},
                   {"runtime"},
                   {"largest graph"}});
  for (const auto& [id, e] : catalogue.engine_memories) {
    const char* of = e.share_of == MemoryShare::total  ? "the memory"
                     : e.share_of == MemoryShare::free ? "what was free"
                                                       : "what is left";
    const bool fixed = e.share_default == ShareDefault::fixed;
    table.add_row({id, versions_text(e.since, e.before),
                   fixed ? fmt::format("{:g}", e.gpu_memory_utilization) : "by rule", of, format_quantity(e.runtime),
                   std::to_string(e.graph_batch)});
  }
  return table;
}

TextTable training_table(const Catalogue& catalogue) {
  TextTable table({{"training", Align::left}, {"coefficient", Align::left}, {"value"}});
  for (const auto& [id, record] : catalogue.training) {
    for (const auto& handle : training_coefficient_handles()) {
      table.add_row({id, handle.name, fmt::format("{:.4g}", handle.get(record))});
    }
  }
  return table;
}

TextTable owner_table(const Catalogue& catalogue) {
  TextTable table({{"owner", Align::left},
                   {"name", Align::left},
                   {"capital cost"},
                   {"systems paid in"},
                   {"upkeep"},
                   {"power and room", Align::left}});
  for (const auto& [id, o] : catalogue.owners) {
    table.add_row({id, o.name, fmt::format("{:g} %", 100 * o.capital_cost), format_quantity(o.system_life),
                   fmt::format("{:g} %", 100 * o.maintenance),
                   o.colocation ? fmt::format("{:.0f} $/kW/month", o.colocation->in(dollar / (kilowatt * month)))
                                : fmt::format("{}, {}", format_quantity(o.construction_price->mid),
                                              format_quantity(*o.electricity_price))});
  }
  return table;
}

TextTable kind_table(const Catalogue& catalogue, const std::string& kind) {
  if (kind == "accelerator") return accelerator_table(catalogue);
  if (kind == "system") return system_table(catalogue);
  if (kind == "site") return site_table(catalogue);
  if (kind == "memory") return memory_table(catalogue);
  if (kind == "model") return model_table(catalogue);
  if (kind == "supplier") return supplier_table(catalogue);
  if (kind == "calibration") return calibration_table(catalogue);
  if (kind == "architecture") return name_table("architecture", catalogue.architectures);
  if (kind == "cpu") return name_table("cpu", catalogue.cpus);
  if (kind == "network") return name_table("network", catalogue.networks);
  if (kind == "route") return name_table("route", catalogue.routes);
  if (kind == "rental") return name_table("rental", catalogue.rentals);
  if (kind == "owner") return owner_table(catalogue);
  if (kind == "reliability") return name_table("reliability", catalogue.reliabilities);
  if (kind == "engine") return engine_table(catalogue);
  if (kind == "engine_memory") return engine_memory_table(catalogue);
  if (kind == "training") return training_table(catalogue);
  STARGATE_CHECK(false, "a kind of record without a table");
}

/// The kinds, each with the first of its ids.
std::string overview(const Catalogue& catalogue) {
  TextTable table({{"kind", Align::left}, {"records"}, {"ids", Align::left}});
  for (const auto& k : record_kinds()) {
    const auto ids = record_ids(catalogue, k.name);
    std::string joined;
    for (const auto& id : ids) {
      if (joined.size() > 80) {
        joined += ", ...";
        break;
      }
      joined += (joined.empty() ? "" : ", ") + id;
    }
    table.add_row({k.name, std::to_string(ids.size()), joined});
  }
  return fmt::format(
      "{}{} sources. One kind: stargate catalogue list accelerator; one record: stargate catalogue show "
      "accelerator:h100-sxm\n",
      table.format(), catalogue.sources.size());
}

struct CatalogueList {
  Catalogue catalogue;
  const RecordKind* kind;  ///< null: all
};

std::string list_text(const CatalogueList& list) {
  if (list.kind == nullptr) return overview(list.catalogue);
  return kind_table(list.catalogue, list.kind->name).format() + kind_sum(list.catalogue, list.kind->name);
}

void write_list(JsonWriter& json, const CatalogueList& list) {
  json.member("schema_version", 1);
  for (const auto& kind : record_kinds()) {
    if (list.kind != nullptr && &kind != list.kind) continue;
    json.key(kind.folder).begin_array();
    for (const auto& id : record_ids(list.catalogue, kind.name)) json.value(id);
    json.end_array();
  }
}

}  // namespace

const QuestionTable<CatalogueListQuestion>& CatalogueListQuestion::table() {
  static const auto table = [] {
    QuestionTable<CatalogueListQuestion> t("catalogue list", "Kinds of records, or the records of one kind");
    t.optional("kind", &CatalogueListQuestion::kind, "accelerator, system, site, ...; else all kinds").positional();
    return t;
  }();
  return table;
}

Result<Answer> answer_catalogue_list(const CatalogueListQuestion& question, const QuestionContext& context) {
  const RecordKind* kind = question.kind.empty() ? nullptr : find_record_kind(question.kind);
  if (!question.kind.empty() && kind == nullptr) return unknown_kind(context, question.kind, {});
  const bool laws = kind != nullptr && kind->name == "calibration";
  auto catalogue = laws ? load_catalogue(context.files, context.catalogue_folder)
                        : load_catalogue_without_laws(context.files, context.catalogue_folder);
  if (!catalogue) return catalogue.faults();
  const std::string csv = context.path_of("csv");
  if (!csv.empty() && kind == nullptr) {
    return Diagnostic{{}, 0, 0, "csv", "kinds have different columns", "name one kind, such as accelerator", {}};
  }
  std::string rows = csv.empty() ? std::string() : kind_table(*catalogue, kind->name).format_csv();
  Answer answer =
      make_answer(AnswerKind::answered, CatalogueList{std::move(*catalogue), kind}, list_text, write_list);
  if (!csv.empty()) answer.files.push_back({csv, std::move(rows)});
  return answer;
}

Question catalogue_list_question() {
  return make_question(answer_catalogue_list,
                       {{"", "how many of each kind"}, {"accelerator", "the figures of one kind"}},
                       {{"*[]", "text", "Ids of a kind's records, by the kind's folder"}},
                       {{"csv", "FILE", "Write the table of the kind"}});
}

}  // namespace stargate
