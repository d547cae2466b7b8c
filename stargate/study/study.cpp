// Checks keep the place of each value: they walk the document beside the record made from it.
#include "stargate/study/study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace stargate {
namespace {

/// Removes list items whose `key` names a record that was left out.
void drop_items(Node& root, const char* list, const char* key, const std::string& kind,
                const std::vector<std::string>& without) {
  Node* node = root.find(list);
  if (node == nullptr) return;
  std::erase_if(node->items, [&](const Node& item) {
    const Node* name = item.find(key);
    return name != nullptr && std::find(without.begin(), without.end(), kind + ":" + name->text) != without.end();
  });
}

class StudyCheck {
 public:
  StudyCheck(const Document& document, const StudySpec& study, const Catalogue& catalogue)
      : document_(document), study_(study), catalogue_(catalogue) {}

  Diagnostics run() {
    check_finance();
    check_lists();
    for (std::size_t i = 0; i < study_.services.size(); ++i) check_service(i);
    if (study_.carbon) source("carbon", nullptr, study_.carbon->source);
    return std::move(faults_);
  }

 private:
  const Node& item(const char* list, std::size_t index) const { return document_.root.find(list)->items[index]; }

  /// `key` null: the mapping itself.
  void fault(const Node& mapping, const char* key, std::string path, std::string message, std::string hint = {}) {
    const Node* value = key == nullptr ? nullptr : mapping.find(key);
    if (key != nullptr) path += std::string(".") + key;
    faults_.push_back(
        document_.fault(value != nullptr ? *value : mapping, std::move(path), std::move(message), std::move(hint)));
  }

  void source(const std::string& path, const Node* mapping, const SourceNote& note) {
    const Node& node = mapping != nullptr ? *mapping : *document_.root.find(path);
    for (const auto& id : note.sources) {
      if (catalogue_.sources.contains(id) || study_.sources.contains(id)) continue;
      std::vector<std::string> known;
      for (const auto* sources : {&catalogue_.sources, &study_.sources}) {
        for (const auto& [name, source] : *sources) known.push_back(name);
      }
      fault(node, "source", path, "there is no source '" + id + "'",
            "name it under sources, write {assumption: why}; " + suggest_name(id, known));
    }
  }

  void reference(const Node& mapping, const char* key, const std::string& path, const std::string& kind,
                 const std::string& id) {
    const auto known = record_ids(catalogue_, kind);
    if (std::find(known.begin(), known.end(), id) != known.end()) return;
    fault(mapping, key, path, "there is no " + kind + " '" + id + "' in the catalogue", suggest_name(id, known));
  }

  void check_finance() {
    const auto& f = study_.finance;
    const Node& finance = *document_.root.find("finance");
    if (std::abs(f.deposit + f.on_delivery + f.on_acceptance - 1) > 1e-9) {
      fault(finance, "deposit", "finance", "deposit, on_delivery and on_acceptance do not add up to 100 %");
    }
    source("finance", &finance, f.source);
    if (study_.horizon.last < study_.horizon.first) {
      fault(*document_.root.find("horizon"), "last", "horizon", "ends before it begins");
    } else if (study_.horizon.last - study_.horizon.first > 79) {
      fault(*document_.root.find("horizon"), "last", "horizon", "is longer than 20 years", "plan in parts");
    }
  }

  template <class Item>
  void unique(const char* list, const char* key, const std::vector<Item>& items, std::string Item::*name) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      for (std::size_t k = 0; k < i; ++k) {
        if (items[i].*name == items[k].*name)
          fault(item(list, i), key, fmt::format("{}[{}]", list, i), "'" + items[i].*name + "' is given twice");
      }
      source(fmt::format("{}[{}]", list, i), &item(list, i), items[i].source);
    }
  }

  void check_lists() {
    unique("capital", "name", study_.capital, &TrancheSpec::name);
    unique("sites", "site", study_.sites, &StudySiteSpec::site);
    unique("systems", "system", study_.systems, &StudySystemSpec::system);
    if (!study_.shares.empty()) unique("shares", "supplier", study_.shares, &ShareSpec::supplier);
    unique("services", "service", study_.services, &ServiceSpec::service);
    for (std::size_t i = 0; i < study_.sites.size(); ++i) {
      reference(item("sites", i), "site", fmt::format("sites[{}]", i), "site", study_.sites[i].site);
    }
    for (std::size_t i = 0; i < study_.systems.size(); ++i) {
      reference(item("systems", i), "system", fmt::format("systems[{}]", i), "system", study_.systems[i].system);
      if (study_.systems[i].seed_systems.has_value() != study_.systems[i].growth.has_value()) {
        fault(item("systems", i), "growth", fmt::format("systems[{}]", i),
              "a growth limit needs both seed_systems and growth");
      }
    }
    for (std::size_t i = 0; i < study_.shares.size(); ++i) {
      reference(item("shares", i), "supplier", fmt::format("shares[{}]", i), "supplier", study_.shares[i].supplier);
    }
  }

  void need(std::size_t index, bool given, const char* key, const char* why) {
    if (!given)
      fault(item("services", index), nullptr, fmt::format("services[{}]", index), fmt::format("'{}' is missing", key),
            why);
  }

  void check_service(std::size_t i) {
    const auto& s = study_.services[i];
    const std::string path = fmt::format("services[{}]", i);
    reference(item("services", i), "model", path, "model", s.model);
    if (s.kind == ServiceKind::serving) {
      need(i, s.isl > 0, "isl", "a serving service needs its input tokens a request");
      need(i, s.osl > 0, "osl", "a serving service needs its output tokens a request");
      need(i, s.ttft.has_value(), "ttft", "a serving service needs a target for the first token");
      need(i, s.tpot.has_value(), "tpot", "a serving service needs a target for each further token");
    } else {
      need(i, s.gpus > 0, "gpus", "a training service needs the size of one job");
      need(i, s.global_batch_size > 0, "global_batch_size", "a training service needs its sequences a step");
      need(i, s.seq_length > 0, "seq_length", "a training service needs its tokens a sequence");
    }
    for (const auto& country : s.residency) {
      std::vector<std::string> countries;
      for (const auto& [id, site] : catalogue_.sites) countries.push_back(site.country);
      if (std::find(countries.begin(), countries.end(), country) == countries.end()) {
        std::sort(countries.begin(), countries.end());
        countries.erase(std::unique(countries.begin(), countries.end()), countries.end());
        fault(item("services", i), "residency", path, "no site is in '" + country + "'",
              suggest_name(country, countries));
      }
    }
    if (s.most_round_trip && s.user_regions.empty()) {
      fault(item("services", i), "most_round_trip", path, "a limit on the round trip needs user_regions");
    }
  }

  const Document& document_;
  const StudySpec& study_;
  const Catalogue& catalogue_;
  Diagnostics faults_;
};

}  // namespace

Result<StudySpec> parse_study(const std::string& file, std::string_view text, const Catalogue& catalogue,
                              const StudyChanges& changes) {
  auto document = parse_yaml(file, text);
  if (!document) return document.faults();
  drop_items(document->root, "sites", "site", "site", changes.without);
  drop_items(document->root, "systems", "system", "system", changes.without);
  drop_items(document->root, "shares", "supplier", "supplier", changes.without);
  drop_items(document->root, "services", "model", "model", changes.without);
  Diagnostics faults;
  for (const auto& change : changes.set) {
    auto applied = apply_override(*document, change);
    if (!applied.ok()) faults.insert(faults.end(), applied.faults().begin(), applied.faults().end());
  }
  auto study = read_record<StudySpec>(*document);
  if (!study) {
    faults.insert(faults.end(), study.faults().begin(), study.faults().end());
    return faults;
  }
  const auto more = StudyCheck(*document, *study, catalogue).run();
  faults.insert(faults.end(), more.begin(), more.end());
  if (!faults.empty()) return faults;
  return study;
}

Result<StudySpec> load_study(const FileReader& files, const std::string& file, const Catalogue& catalogue,
                             const StudyChanges& changes) {
  auto text = files.read(file);
  if (!text) return text.faults();
  return parse_study(file, *text, catalogue, changes);
}

}  // namespace stargate
