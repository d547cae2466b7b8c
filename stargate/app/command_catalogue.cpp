// Lists show the figures people compare first; `show` prints the record's own text, so that nothing is lost or rounded.
#include "stargate/app/command_catalogue.hpp"

#include <fmt/format.h>

#include "stargate/base/text_table.hpp"
#include "stargate/config/json_writer.hpp"
#include "stargate/config/reference.hpp"
#include "stargate/service/service_study.hpp"
#include "stargate/study/study.hpp"

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
    const auto peak = [&](Precision p) {
      return a.peak.contains(p) ? format_quantity(a.peak.at(p)) : std::string("-");
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

/// Kinds without figures to compare at a glance: id and name.
template <class R>
TextTable name_table(const char* kind, const Records<R>& records) {
  TextTable table({{kind, Align::left}, {"name", Align::left}});
  for (const auto& [id, record] : records) table.add_row({id, record.name});
  return table;
}

TextTable engine_table(const Catalogue& catalogue) {
  TextTable table({{"engine", Align::left},
                   {"name", Align::left},
                   {"versions", Align::left},
                   {"step overhead"},
                   {"a sequence"},
                   {"a request"}});
  for (const auto& [id, e] : catalogue.engines) {
    const std::string since = e.since.empty() ? "" : "from " + e.since,
                      before = e.before.empty() ? "" : "before " + e.before;
    table.add_row({id, e.name, since + (since.empty() || before.empty() ? "" : ", ") + before,
                   format_quantity(e.step_overhead), format_quantity(e.sequence_overhead),
                   format_quantity(e.request_overhead)});
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

TextTable kind_table(const Catalogue& catalogue, const std::string& kind) {
  if (kind == "accelerator") return accelerator_table(catalogue);
  if (kind == "system") return system_table(catalogue);
  if (kind == "site") return site_table(catalogue);
  if (kind == "memory") return memory_table(catalogue);
  if (kind == "model") return model_table(catalogue);
  if (kind == "supplier") return supplier_table(catalogue);
  if (kind == "calibration") return calibration_table(catalogue);
  if (kind == "cpu") return name_table("cpu", catalogue.cpus);
  if (kind == "network") return name_table("network", catalogue.networks);
  if (kind == "route") return name_table("route", catalogue.routes);
  if (kind == "rental") return name_table("rental", catalogue.rentals);
  if (kind == "reliability") return name_table("reliability", catalogue.reliabilities);
  if (kind == "engine") return engine_table(catalogue);
  if (kind == "training") return training_table(catalogue);
  STARGATE_CHECK(false, "a kind of record without a table");
}

const RecordKind* find_kind(const std::string& text) {
  for (const auto& kind : record_kinds()) {
    if (text == kind.name || text == kind.folder) return &kind;
  }
  return nullptr;
}

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const auto& kind : record_kinds()) names.push_back(kind.name);
  return names;
}

struct Line {
  std::string path, value, source;
};

/// Every scalar below a node; lists of scalars on one line.
void flatten(const Node& node, const std::string& path, std::vector<Line>& out) {
  if (node.is_mapping()) {
    for (const auto& member : node.members)
      flatten(member.value, path.empty() ? member.key : path + "." + member.key, out);
  } else if (node.is_sequence()) {
    std::string joined;
    bool plain = true;
    for (const auto& item : node.items) {
      plain = plain && item.is_scalar();
      joined += (joined.empty() ? "" : ", ") + item.text;
    }
    if (plain) return out.push_back({path, joined, {}});
    for (std::size_t i = 0; i < node.items.size(); ++i) flatten(node.items[i], fmt::format("{}[{}]", path, i), out);
  } else {
    out.push_back({path, node.is_null() ? "-" : node.text, {}});
  }
}

/// The fields of a record with the note that covers each.
std::vector<Line> record_lines(const Document& document) {
  std::vector<Line> lines;
  Diagnostics faults;
  Reader reader(document, faults);
  std::map<std::string, SourceNote> notes;
  if (const Node* sources = document.root.find("sources"))
    Codec<std::map<std::string, SourceNote>>::read(reader, *sources, notes, {});
  for (const auto& member : document.root.members) {
    if (member.key == "sources") continue;
    const std::size_t first = lines.size();
    flatten(member.value, member.key, lines);
    const auto note = notes.contains(member.key) ? notes.find(member.key) : notes.find("*");
    const bool sourced = member.key != "name" && member.key != "notes" && note != notes.end();
    for (std::size_t i = first; sourced && i < lines.size(); ++i) lines[i].source = format_source_note(note->second);
  }
  return lines;
}

}  // namespace

void list_catalogue(Session& session, const std::string& kind, bool json) {
  auto catalogue = load_catalogue(session.files, session.catalogue_folder);
  if (!catalogue) return session.fail(catalogue.faults());
  const RecordKind* found = kind.empty() ? nullptr : find_kind(kind);
  if (!kind.empty() && found == nullptr)
    return session.fail("there is no record kind '" + kind + "'", suggest_name(kind, kind_names()));
  if (json) {
    JsonWriter writer;
    writer.begin_object().member("schema_version", 1);
    for (const auto& k : record_kinds()) {
      if (found != nullptr && &k != found) continue;
      writer.key(k.folder).begin_array();
      for (const auto& id : record_ids(*catalogue, k.name)) writer.value(id);
      writer.end_array();
    }
    session.print_data(writer.end_object().text());
    return;
  }
  if (found != nullptr) return session.print_text(kind_table(*catalogue, found->name).format());
  TextTable table({{"kind", Align::left}, {"records"}, {"ids", Align::left}});
  for (const auto& k : record_kinds()) {
    const auto ids = record_ids(*catalogue, k.name);
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
  session.print_text(
      fmt::format("{}{} sources. One kind: stargate catalogue list accelerator; one record: stargate catalogue show "
                  "accelerator:h100-sxm\n",
                  table.format(), catalogue->sources.size()));
}

void show_record(Session& session, const std::string& name, bool json) {
  auto catalogue = load_catalogue(session.files, session.catalogue_folder);
  if (!catalogue) return session.fail(catalogue.faults());
  auto parsed = parse_record_name(name);
  if (!parsed) return session.fail(parsed.faults());
  const auto ids = record_ids(*catalogue, parsed->kind);
  if (std::find(ids.begin(), ids.end(), parsed->id) == ids.end()) {
    return session.fail("there is no " + parsed->kind + " '" + parsed->id + "'", suggest_name(parsed->id, ids));
  }
  const bool model = parsed->kind == "model";
  const std::string path =
      session.catalogue_folder + "/" + find_kind(parsed->kind)->folder + "/" + parsed->id + (model ? ".json" : ".yaml");
  auto text = session.files.read(path);
  if (!text) return session.fail(text.faults());
  auto document = model ? parse_json(path, *text) : parse_yaml(path, *text);
  if (!document) return session.fail(document.faults());
  const auto lines = record_lines(*document);
  if (json) {
    JsonWriter writer;
    writer.begin_object().member("schema_version", 1).member("record", name).key("fields").begin_array();
    for (const auto& line : lines) {
      writer.begin_object()
          .member("field", line.path)
          .member("value", line.value)
          .member("source", line.source)
          .end_object();
    }
    session.print_data(writer.end_array().end_object().text());
    return;
  }
  TextTable table({{"field", Align::left}, {"value", Align::left}, {"source", Align::left}});
  for (const auto& line : lines) table.add_row({line.path, line.value, line.source});
  session.print_text(fmt::format("{}\n{}", name, table.format()));
  std::map<std::string, const Source*> cited;
  for (const auto& line : lines) {
    for (const auto& [id, source] : catalogue->sources) {
      if (("," + line.source + ",").find(id) != std::string::npos) cited[id] = &source;
    }
  }
  if (!cited.empty()) session.print_text("\nsources\n");
  for (const auto& [id, source] : cited) {
    session.print_text(fmt::format("  {}: {}{}{}\n", id, source->title, source->date.empty() ? "" : ", " + source->date,
                                   source->locator.empty() ? "" : " (" + source->locator + ")"));
  }
}

void print_fields(Session& session, const std::string& kind, bool schema) {
  const auto print = [&](const RecordText& record) {
    schema ? session.print_data(format_json_schema(record)) : session.print_text(format_reference(record));
  };
  if (kind == "study") return print(StudySpec::table().text());
  if (kind == "service-study") return print(ServiceStudySpec::table().text());
  const RecordKind* found = find_kind(kind);
  auto known = kind_names();
  known.push_back("study");
  known.push_back("service-study");
  if (found == nullptr) return session.fail("there is no record kind '" + kind + "'", suggest_name(kind, known));
  if (found->fields == nullptr)
    return session.fail("models are Hugging Face config.json files", "see docs/explanation/models.md");
  print(*found->fields);
}

}  // namespace stargate
