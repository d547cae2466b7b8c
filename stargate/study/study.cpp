// Checks keep the place of each value: they walk the document beside the record made from it.
#include "stargate/study/study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "stargate/service/service_question.hpp"
#include "stargate/study/run_basis.hpp"

namespace stargate {
namespace {

/// A node as text, unambiguous enough to be compared: what rates are kept under.
void write_node(const Node& node, std::string& out) {
  out += node.is_null() ? "~" : node.text;
  for (const Node& item : node.items) out += "\n- ", write_node(item, out);
  for (const Member& member : node.members) out += "\n" + member.key + ": ", write_node(member.value, out);
  out += ";";
}

/// The fields of a service but those that no machine's rate depends on.
std::string asked_of(const Node& service) {
  static const std::set<std::string> other{"name",   "stand_in",  "demand",       "times",           "peak_to_mean",
                                           "weekend", "margin",    "blocks",       "users",           "residency",
                                           "user_regions", "most_round_trip", "source"};
  std::string out;
  for (const Member& member : service.members) {
    if (other.contains(member.key)) continue;
    out += member.key + "=";
    write_node(member.value, out);
  }
  return out;
}

constexpr Power kMostPower = 1000.0 * gigawatt;
constexpr Money kMostMoney = 1e6 * billion_dollars;

/// Everything that takes more than one field, or the catalogue, to judge.
class StudyCheck {
 public:
  StudyCheck(const Document& document, const StudySpec& study, const Catalogue& catalogue)
      : document_(document), study_(study), catalogue_(catalogue) {}

  /// Says nothing of what the fields' own faults already explain: an absent list, a value that could not be read.
  Diagnostics run() {
    check_finance();
    check_lists();
    check_magnitudes();
    for (std::size_t i = 0; has_items("services", study_.services.size()) && i < study_.services.size(); ++i)
      check_service(i);
    check_contracts();
    check_halls();
    if (study_.tax) source("tax", document_.root.find("tax"), study_.tax->source);
    if (study_.carbon) source("carbon", document_.root.find("carbon"), study_.carbon->source);
    return std::move(faults_);
  }

 private:
  bool has_items(const char* list, std::size_t count) const {
    const Node* node = document_.root.find(list);
    return node != nullptr && node->items.size() == count;
  }
  const Node& item(const char* list, std::size_t index) const { return document_.root.find(list)->items[index]; }

  /// `key` null: the mapping itself.
  void fault(const Node& mapping, const char* key, std::string path, std::string message, std::string hint = {}) {
    const Node* value = key == nullptr ? nullptr : mapping.find(key);
    if (key != nullptr) path += std::string(".") + key;
    faults_.push_back(
        document_.fault(value != nullptr ? *value : mapping, std::move(path), std::move(message), std::move(hint)));
  }

  void source(const std::string& path, const Node* mapping, const SourceNote& note) {
    if (mapping == nullptr) return;
    for (const auto& id : note.sources) {
      if (catalogue_.sources.contains(id) || study_.sources.contains(id)) continue;
      std::vector<std::string> known;
      for (const auto* sources : {&catalogue_.sources, &study_.sources}) {
        for (const auto& [name, source] : *sources) known.push_back(name);
      }
      fault(*mapping, "source", path, "there is no source '" + id + "'",
            "name it under sources, write {assumption: why}; " + suggest_name(id, known));
    }
  }

  void reference(const Node& mapping, const char* key, const std::string& path, const std::string& kind,
                 const std::string& id) {
    if (id.empty()) return;
    const auto known = record_ids(catalogue_, kind);
    if (std::find(known.begin(), known.end(), id) != known.end()) return;
    fault(mapping, key, path, "there is no " + kind + " '" + id + "' in the catalogue", suggest_name(id, known));
  }

  void check_finance() {
    const auto& f = study_.finance;
    if (const Node* finance = document_.root.find("finance")) {
      const bool given = finance->find("deposit") && finance->find("on_delivery") && finance->find("on_acceptance");
      if (given && std::abs(f.deposit + f.on_delivery + f.on_acceptance - 1) > 1e-9) {
        fault(*finance, "deposit", "finance", "deposit, on_delivery and on_acceptance do not add up to 100 %");
      }
      source("finance", finance, f.source);
    }
    const Node* horizon = document_.root.find("horizon");
    const auto& [first, last] = study_.horizon;
    if (horizon == nullptr || first.index == 0 || last.index == 0) return;
    if (last < first) {
      fault(*horizon, "last", "horizon", "ends before it begins");
    } else if (last - first > 79) {
      fault(*horizon, "last", "horizon", "is longer than 20 years", "plan in parts");
    }
  }

  /// The items' names, and their sources on the way.
  template <class Item>
  void unique(const char* list, const char* key, const std::vector<Item>& items, std::string Item::*name) {
    std::set<std::string> known;
    for (std::size_t i = 0; has_items(list, items.size()) && i < items.size(); ++i) {
      const std::string& own = items[i].*name;
      if (!own.empty() && !known.insert(own).second) {
        fault(item(list, i), key, fmt::format("{}[{}]", list, i), "'" + own + "' is given twice");
      }
      source(fmt::format("{}[{}]", list, i), &item(list, i), items[i].source);
    }
  }

  void check_lists() {
    unique("capital", "name", study_.capital, &TrancheSpec::name);
    unique("sites", "site", study_.sites, &StudySiteSpec::site);
    unique("systems", "system", study_.systems, &StudySystemSpec::system);
    if (!study_.shares.empty()) unique("shares", "supplier", study_.shares, &ShareSpec::supplier);
    unique("services", "service", study_.services, &StudyServiceSpec::service);
    for (std::size_t i = 0; has_items("sites", study_.sites.size()) && i < study_.sites.size(); ++i) {
      reference(item("sites", i), "site", fmt::format("sites[{}]", i), "site", study_.sites[i].site);
    }
    for (std::size_t i = 0; has_items("systems", study_.systems.size()) && i < study_.systems.size(); ++i) {
      reference(item("systems", i), "system", fmt::format("systems[{}]", i), "system", study_.systems[i].system);
      source(fmt::format("systems[{}].growth_source", i), &item("systems", i), study_.systems[i].growth_source);
      if (study_.systems[i].seed_systems.has_value() != study_.systems[i].growth.has_value()) {
        fault(item("systems", i), "growth", fmt::format("systems[{}]", i),
              "a growth limit needs both seed_systems and growth");
      }
    }
    check_commitments();
    for (std::size_t i = 0; has_items("shares", study_.shares.size()) && i < study_.shares.size(); ++i) {
      reference(item("shares", i), "supplier", fmt::format("shares[{}]", i), "supplier", study_.shares[i].supplier);
    }
  }

  template <class Item>
  void one_of(const char* list, std::size_t i, const char* key, const std::string& id, const std::vector<Item>& items,
              std::string Item::*name) {
    std::vector<std::string> known;
    for (const auto& some : items) known.push_back(some.*name);
    if (id.empty() || std::find(known.begin(), known.end(), id) != known.end()) return;
    fault(item(list, i), key, fmt::format("{}[{}]", list, i), "the study has no " + std::string(key) + " '" + id + "'",
          suggest_name(id, known));
  }

  void check_commitments() {
    const Quarter first = study_.horizon.first;
    for (std::size_t i = 0; has_items("building", study_.building.size()) && i < study_.building.size(); ++i) {
      const auto& some = study_.building[i];
      const std::string path = fmt::format("building[{}]", i);
      source(path, &item("building", i), some.source);
      one_of("building", i, "site", some.site, study_.sites, &StudySiteSpec::site);
      at_most(item("building", i), "power", path, some.power / kMostPower, "1,000 GW");
      if (some.finishes.index == 0 || some.finishes >= first) continue;
      fault(item("building", i), "finishes", path, "lies before the first quarter planned",
            "what stands is in 'energised' of the site");
    }
    for (std::size_t i = 0; has_items("committed", study_.committed.size()) && i < study_.committed.size(); ++i) {
      const auto& some = study_.committed[i];
      const std::string path = fmt::format("committed[{}]", i);
      source(path, &item("committed", i), some.source);
      one_of("committed", i, "system", some.system, study_.systems, &StudySystemSpec::system);
      one_of("committed", i, "site", some.site, study_.sites, &StudySiteSpec::site);
      at_most(item("committed", i), "accelerators", path, some.accelerators / 1e9, "a billion");
      if (some.arrives.index > 0 && some.arrives < first && some.site.empty()) {
        fault(item("committed", i), nullptr, path, "'site' is missing", "they stand when the plan begins: say where");
      }
    }
  }

  /// What is larger than anything in the world is a slip of the keyboard, and would only leave the solver without an
  /// answer. `share`: of the largest, which `most` names.
  void at_most(const Node& mapping, const char* key, const std::string& path, double share, const char* most) {
    if (!(share <= 1)) fault(mapping, key, path, std::string("is over ") + most);
  }
  template <class T>
  static T largest(const Series<T>& series) {
    T out{};
    for (const auto& [quarter, value] : series.points) out = std::max(out, value);
    return out;
  }

  void check_magnitudes() {
    for (std::size_t i = 0; has_items("capital", study_.capital.size()) && i < study_.capital.size(); ++i) {
      at_most(item("capital", i), "amount", fmt::format("capital[{}]", i), study_.capital[i].amount / kMostMoney,
              "a million billion dollars");
      if (study_.capital[i].drawn > study_.capital[i].amount) {
        fault(item("capital", i), "drawn", fmt::format("capital[{}]", i), "is more than the tranche");
      }
      check_repayment(i, fmt::format("capital[{}]", i));
    }
    for (std::size_t i = 0; has_items("sites", study_.sites.size()) && i < study_.sites.size(); ++i) {
      const auto& site = study_.sites[i];
      const std::string path = fmt::format("sites[{}]", i);
      at_most(item("sites", i), "power", path, largest(site.power) / kMostPower, "1,000 GW");
      at_most(item("sites", i), "energised", path, largest(site.energised) / kMostPower, "1,000 GW");
      at_most(item("sites", i), "most_started", path, site.most_started / kMostPower, "1,000 GW");
      check_lease(i, path);
      check_plants(i, path);
    }
    for (std::size_t i = 0; has_items("systems", study_.systems.size()) && i < study_.systems.size(); ++i) {
      const auto& system = study_.systems[i];
      const std::string path = fmt::format("systems[{}]", i);
      at_most(item("systems", i), "seed_systems", path, system.seed_systems.value_or(0) / 1e9, "a billion systems");
      at_most(item("systems", i), "growth", path, system.growth.value_or(0) / 1000, "100,000 % a quarter");
      check_wear(i, path);
    }
    if (study_.carbon && document_.root.find("carbon") != nullptr) {
      at_most(*document_.root.find("carbon"), "price", "carbon", study_.carbon->price / (1e6 * dollar / tonne),
              "a million dollars a tonne");
    }
  }

  void check_contracts() {
    if (!study_.contracts.empty()) unique("contracts", "contract", study_.contracts, &ContractSpec::contract);
    for (std::size_t i = 0; has_items("contracts", study_.contracts.size()) && i < study_.contracts.size(); ++i) {
      const auto& some = study_.contracts[i];
      const std::string path = fmt::format("contracts[{}]", i);
      one_of("contracts", i, "system", some.system, study_.systems, &StudySystemSpec::system);
      reference(item("contracts", i), "site", path, "site", some.site);
      at_most(item("contracts", i), "accelerators", path, largest(some.accelerators) / 1e9, "a billion");
      at_most(item("contracts", i), "price", path, largest(some.price) / (1e6 * dollar / hour), "a million $/h");
    }
  }

  void check_halls() {
    for (std::size_t i = 0; has_items("halls", study_.halls.size()) && i < study_.halls.size(); ++i) {
      const auto& hall = study_.halls[i];
      const std::string path = fmt::format("halls[{}]", i);
      source(path, &item("halls", i), hall.source);
      at_most(item("halls", i), "price", path, hall.price / (1e6 * dollar / watt), "a million dollars a watt");
      if (i == 0 || hall.rack > study_.halls[i - 1].rack) continue;
      fault(item("halls", i), "rack", path, "is no denser than the class before", "give the densest last");
    }
  }

  /// Both dates of a loan or none, in order.
  void check_repayment(std::size_t i, const std::string& path) {
    const auto& some = study_.capital[i];
    if (some.repaid_from.has_value() != some.repaid_until.has_value()) {
      fault(item("capital", i), some.repaid_from ? "repaid_from" : "repaid_until", path,
            "a loan is repaid from a quarter until a quarter", "give repaid_from and repaid_until");
    } else if (some.repaid_until && *some.repaid_until < *some.repaid_from) {
      fault(item("capital", i), "repaid_until", path, "lies before repaid_from");
    } else if (some.repaid_until && some.kind == CapitalKind::equity) {
      fault(item("capital", i), "repaid_until", path, "is given of equity, which is not repaid", "kind: debt");
    }
    const bool secured = some.of_systems || some.of_buildings || !some.recourse;
    if (secured && some.kind == CapitalKind::equity) {
      fault(item("capital", i), some.of_systems ? "of_systems" : some.of_buildings ? "of_buildings" : "recourse", path,
            "is given of equity, which has no security", "kind: debt");
    } else if (!some.recourse && !some.of_systems && !some.of_buildings) {
      fault(item("capital", i), "recourse", path, "is left out, and so is the security",
            "give of_systems or of_buildings");
    }
  }

  /// Nothing fails altogether in a year, or no plan could count on a machine; terms of a vendor have their source.
  void check_wear(std::size_t i, const std::string& path) {
    const auto& system = study_.systems[i];
    for (const double share : system.attrition) {
      if (share < 1) continue;
      fault(item("systems", i), "attrition", path, "leaves nothing", "give the share that fails, less than 100 %");
      break;
    }
    if (const Node* dies = item("systems", i).find("dies"); system.dies && dies != nullptr) {
      source(path + ".dies", dies, system.dies->source);
    }
    const auto& bought = system.procured;
    if (!system.dies && std::find(bought.begin(), bought.end(), PartKind::wafers) != bought.end()) {
      fault(item("systems", i), "procured", path, "names wafers of dies that are not given", "give dies");
    }
    const Node* terms = item("systems", i).find("qualification");
    if (!system.qualification || terms == nullptr) return;
    const std::string at = path + ".qualification";
    source(at, terms, system.qualification->source);
    at_most(*terms, "cost", at, system.qualification->cost / kMostMoney, "a million billion dollars");
    at_most(*terms, "minimum_systems", at, system.qualification->minimum_systems / 1e9, "a billion");
  }

  void check_plants(std::size_t i, const std::string& path) {
    const auto& site = study_.sites[i];
    const Node* list = item("sites", i).find("plants");
    for (std::size_t n = 0; list != nullptr && n < std::min(list->items.size(), site.plants.size()); ++n) {
      const auto& plant = site.plants[n];
      const Node& node = list->items[n];
      const std::string at = fmt::format("{}.plants[{}]", path, n);
      source(at, &node, plant.source);
      at_most(node, "power", at, largest(plant.power) / kMostPower, "1,000 GW");
      at_most(node, "begun", at, largest(plant.begun) / kMostPower, "1,000 GW");
      at_most(node, "price", at, plant.price / (1e6 * dollar / watt), "a million dollars a watt");
      at_most(node, "fuel_price", at, plant.fuel_price / (1000.0 * dollar / kilowatt_hour), "1,000 $/kWh");
      at_most(node, "fuel_carbon", at, plant.fuel_carbon / (1000.0 * kilogram / kilowatt_hour), "1,000 kg/kWh");
      at_most(node, "efficiency", at, 0.01 / plant.efficiency, "100 times its fuel: it is below 1 %");
      if (plant.battery && (node.find("fuel_price") != nullptr || node.find("fuel_carbon") != nullptr)) {
        fault(node, "battery", at, "stands beside fuel", "a battery burns none: leave one out");
      }
    }
    const Node* node = item("sites", i).find("flexible");
    if (!site.flexible || node == nullptr) return;
    source(path + ".flexible", node, site.flexible->source);
    at_most(*node, "power", path + ".flexible", largest(site.flexible->power) / kMostPower, "1,000 GW");
  }

  void check_lease(std::size_t i, const std::string& path) {
    const auto& lease = study_.sites[i].lease;
    const Node* node = item("sites", i).find("lease");
    if (!lease || node == nullptr) return;
    source(path + ".lease", node, lease->source);
    at_most(*node, "power", path + ".lease", largest(lease->power) / kMostPower, "1,000 GW");
    const MoneyPerEnergy most = 1e6 * dollar / (1.0 * kilowatt * quarter_year);
    if (lease->rent) at_most(*node, "rent", path + ".lease", *lease->rent / most, "a million dollars a kW a quarter");
  }

  void need(std::size_t index, const char* key, const char* why) {
    const Node& service = item("services", index);
    if (service.find(key) != nullptr) return;
    fault(service, nullptr, fmt::format("services[{}]", index), fmt::format("'{}' is missing", key), why);
  }

  /// A figure as such, or over that of the service's own study.
  void one_way(const Node& mapping, const std::string& path, const char* plain, const char* over, std::size_t service) {
    const bool has_plain = mapping.find(plain) != nullptr, has_over = mapping.find(over) != nullptr;
    if (has_plain && has_over) fault(mapping, over, path, std::string("stands beside ") + plain, "leave one out");
    if (has_over && study_.services[service].study.empty()) {
      fault(mapping, over, path, "is over a figure of the service's own study, and there is none",
            std::string("give ") + plain);
    } else if (!has_plain && !has_over) {
      fault(mapping, nullptr, path, fmt::format("'{}' is missing", plain));
    }
  }

  /// Regions whose distance is limited, and shares that leave nobody out.
  void check_users(std::size_t i, const std::string& path) {
    const auto& s = study_.services[i];
    const Node* list = item("services", i).find("users");
    if (list == nullptr || list->items.size() != s.users.size()) return;
    double sum = 0;
    for (std::size_t u = 0; u < s.users.size(); ++u) {
      sum += s.users[u].share;
      const auto& regions = s.user_regions;
      if (std::find(regions.begin(), regions.end(), s.users[u].region) != regions.end()) continue;
      fault(list->items[u], "region", fmt::format("{}.users[{}]", path, u),
            "'" + s.users[u].region + "' is not among user_regions", suggest_name(s.users[u].region, s.user_regions));
    }
    if (static_cast<int>(s.users.size()) > kMostUsers) {
      fault(item("services", i), "users", path, fmt::format("has more than {} regions", kMostUsers));
    }
    if (std::abs(sum - 1) > 1e-9) {
      fault(item("services", i), "users", path, fmt::format("have shares that add up to {:.4g} %", 100 * sum));
    }
  }

  /// What the service's own study says is not said twice.
  void refuse(std::size_t index, std::initializer_list<const char*> keys) {
    const Node& service = item("services", index);
    for (const char* key : keys) {
      if (service.find(key) == nullptr) continue;
      fault(service, key, fmt::format("services[{}]", index), "is given beside a study that says it", "leave one out");
    }
  }

  void check_engine(std::size_t i, const std::string& path) {
    const auto& s = study_.services[i];
    if (s.engine != "best" && find_engine(catalogue_, s.engine) == nullptr) {
      fault(item("services", i), "engine", path, "the catalogue has no engine '" + s.engine + "'",
            "vllm, sglang, trtllm or best");
    }
    if (s.precision && !s.precisions.empty()) {
      fault(item("services", i), "precisions", path, "stands beside precision", "leave one out");
    }
    if (s.prefix_share >= 1 || (s.osl > 0 && s.osl < 2)) {
      fault(item("services", i), s.prefix_share >= 1 ? "prefix_share" : "osl", path,
            s.prefix_share >= 1 ? "leaves nothing of the input to compute"
                                : "must be at least 2 tokens: one alone has no time between tokens");
    }
  }

  /// Names, prices, and shares that leave nothing over in any quarter.
  void check_blocks(std::size_t i, const std::string& path) {
    const auto& blocks = study_.services[i].blocks;
    const Node* list = item("services", i).find("blocks");
    if (list == nullptr || list->items.size() != blocks.size()) return;
    if (blocks.empty()) fault(item("services", i), "blocks", path, "is empty: nobody would pay for the service");
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      const std::string at = fmt::format("{}.blocks[{}]", path, b);
      source(at, &list->items[b], blocks[b].source);
      one_way(list->items[b], at, "price", "price_times", i);
      at_most(list->items[b], "price_times", at, largest(blocks[b].price_times) / 1e6, "a million");
      at_most(list->items[b], "waits", at, blocks[b].waits / (28 * day), "four weeks");
      at_most(list->items[b], "price", at, largest(blocks[b].price) / (dollar / token), "a dollar a token");
      at_most(list->items[b], "penalty", at, blocks[b].penalty / (dollar / token), "a dollar a token");
      const bool again = std::any_of(blocks.begin(), blocks.begin() + static_cast<std::ptrdiff_t>(b),
                                     [&](const BlockSpec& other) { return other.name == blocks[b].name; });
      if (again) fault(list->items[b], "name", at, "'" + blocks[b].name + "' is given twice");
    }
    const auto& [first, last] = study_.horizon;
    if (first.index == 0 || last - first > 79) return;
    for (Quarter q = first; q <= last; q = q + 1) {
      double sum = 0;
      for (const auto& block : blocks) sum += block.share.empty() ? 1 : block.share.at(q);
      if (!(sum > 1 + 1e-9)) continue;
      fault(item("services", i), "blocks", path,
            fmt::format("add up to {:.4g} % of the demand in {}", 100 * sum, format_quarter(q)));
      return;
    }
  }

  void check_service(std::size_t i) {
    const auto& s = study_.services[i];
    const std::string path = fmt::format("services[{}]", i);
    reference(item("services", i), "model", path, "model", s.model);
    at_most(item("services", i), "demand", path, largest(s.demand) / (1e15 * token / second), "a billion Mtok/s");
    at_most(item("services", i), "peak_to_mean", path, s.peak_to_mean / 1000, "1,000");
    check_blocks(i, path);
    one_way(item("services", i), path, "demand", "times", i);
    at_most(item("services", i), "times", path, largest(s.times) / 1e9, "a billion");
    check_users(i, path);
    const Node* kind = item("services", i).find("kind");
    if (!s.study.empty()) {
      refuse(i, {"isl", "osl", "prefix_share", "ttft", "tpot", "share", "headroom", "engine", "mode", "precision",
                 "precisions", "residency", "peak_to_mean", "users"});
    } else if (kind != nullptr && kind->text == "serving") {
      need(i, "isl", "a serving service needs its input tokens a request");
      need(i, "osl", "a serving service needs its output tokens a request");
      need(i, "ttft", "a serving service needs a target for the first token");
      need(i, "tpot", "a serving service needs a target for each further token");
    } else if (kind != nullptr && kind->text == "training") {
      need(i, "gpus", "a training service needs the size of one job");
      need(i, "global_batch_size", "a training service needs its sequences a step");
      need(i, "seq_length", "a training service needs its tokens a sequence");
    }
    check_engine(i, path);
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

/// Where a service of the study names the file of its own study.
Diagnostic place_of_study(const Document& document, const std::string& service) {
  const std::string path = "services." + service + ".study";
  const Node* services = document.root.find("services");
  for (const auto& item : services == nullptr ? std::vector<Node>{} : services->items) {
    const Node *name = item.find("service"), *study = item.find("study");
    if (name != nullptr && name->text == service && study != nullptr) return document.fault(*study, path, {});
  }
  return {document.file, 0, 0, path, {}, {}, {}};
}

/// Lengths, targets and places of a service that has a study of its own, in the same folder. Its faults name their
/// place but do not quote that file, which may be any file; `at` is where this study names it.
Check take_service_study(const FileReader& files, const std::string& file, const Diagnostic& at,
                         const Catalogue& catalogue, StudyServiceSpec& service) {
  const std::size_t folder = file.find_last_of('/');
  const std::string path = (folder == std::string::npos ? "" : file.substr(0, folder + 1)) + service.study;
  const auto here = [&](std::string message, std::string hint) {
    Diagnostic fault = at;
    fault.message = std::move(message), fault.hint = std::move(hint);
    return fault;
  };
  if (const auto text = files.read(path); !text.ok()) {
    return here("'" + path + "': " + text.faults()[0].message, "name a file in the folder of this study");
  }
  if (!is_service_study(files, path)) {
    return here("'" + path + "' is no study of a service", "name a file with its list of tenants");
  }
  auto own = load_service_study(files, path, catalogue);
  if (!own) {
    Diagnostics faults = own.faults();
    for (auto& fault : faults) fault.text.clear();
    return faults;
  }
  if (const auto text = files.read(path)) service.asked += *text;
  if (own->model != service.model) {
    return here("is of the model '" + service.model + "', in " + path + " it is '" + own->model + "'",
                "name the same model");
  }
  const ServingWorkload workload = mean_workload(*own);
  service.isl = static_cast<int>(std::lround(workload.isl)), service.osl = static_cast<int>(std::lround(workload.osl));
  service.prefix_share = workload.cached_share;
  service.ttft = own->targets.ttft, service.tpot = own->targets.tpot;
  service.precision = own->precision;
  service.share = own->targets.share, service.headroom = own->operation.headroom;
  service.engine = own->engine;
  service.mode = own->mode == ServiceMode::disaggregated ? FleetMode::disaggregated : FleetMode::aggregated;
  std::set<std::string> countries;
  for (const auto& tenant : own->tenants) countries.insert(tenant.residency.begin(), tenant.residency.end());
  service.residency.assign(countries.begin(), countries.end());
  service.peak_to_mean = own_peak_to_mean(*own, service.weekend);
  const ServiceMeans means = service_means(*own);
  for (const auto& [quarter, times] : service.times.points) service.demand.points[quarter] = times * means.output;
  for (BlockSpec& block : service.blocks) {
    for (const auto& [quarter, times] : block.price_times.points) block.price.points[quarter] = times * means.revenue;
  }
  service.own = std::make_shared<const ServiceStudySpec>(std::move(*own));
  return Done{};
}

}  // namespace

Result<StudySpec> parse_study(const std::string& file, std::string_view text, const Catalogue& catalogue,
                              const StudyChanges& changes) {
  auto document = parse_yaml(file, text);
  if (!document) return document.faults();
  if (document->root.find("tenants") != nullptr && document->root.find("horizon") == nullptr) {
    return document->fault(document->root, "", "this is a service's study, not a build-out's",
                           "run it: stargate serve study " + file);
  }
  drop_left_out(document->root, "sites", "site", "site", changes.without);
  drop_left_out(document->root, "systems", "system", "system", changes.without);
  drop_left_out(document->root, "shares", "supplier", "supplier", changes.without);
  drop_left_out(document->root, "services", "model", "model", changes.without);
  for (const char* list : {"building", "committed"}) drop_left_out(document->root, list, "site", "site", changes.without);
  for (const char* list : {"committed", "contracts"}) {
    drop_left_out(document->root, list, "system", "system", changes.without);
  }
  drop_left_out_of_partners(document->root, changes.without);
  drop_left_out_of_risk(document->root, changes.without);
  Diagnostics faults;
  for (const auto& change : changes.set) {
    auto applied = apply_override(*document, change);
    if (!applied.ok()) faults.insert(faults.end(), applied.faults().begin(), applied.faults().end());
  }
  if (!faults.empty()) return faults;  // what a faulty change leaves behind is no further fault
  StudySpec study;
  Reader reader(*document, faults);
  StudySpec::table().read(reader, document->root, study);
  const Node* services = document->root.find("services");
  for (std::size_t i = 0; services != nullptr && i < std::min(services->items.size(), study.services.size()); ++i) {
    study.services[i].asked = asked_of(services->items[i]);
  }
  const auto more = StudyCheck(*document, study, catalogue).run();
  faults.insert(faults.end(), more.begin(), more.end());
  const auto of_partners = check_partners(*document, study, catalogue);
  faults.insert(faults.end(), of_partners.begin(), of_partners.end());
  const auto of_risk = check_risk(*document, study, catalogue);
  faults.insert(faults.end(), of_risk.begin(), of_risk.end());
  if (!faults.empty()) return faults;
  return study;
}

Result<StudySpec> load_study(const FileReader& files, const std::string& file, const Catalogue& catalogue,
                             const StudyChanges& changes) {
  auto text = files.read(file);
  if (!text) return text.faults();
  auto study = parse_study(file, *text, catalogue, changes);
  if (!study) return study;
  Diagnostics faults;
  const auto document = parse_yaml(file, *text);  // for the places of the names of other files
  for (auto& service : study->services) {
    if (service.study.empty()) continue;
    const Diagnostic at = place_of_study(*document, service.service);
    if (auto taken = take_service_study(files, file, at, catalogue, service); !taken.ok()) {
      faults.insert(faults.end(), taken.faults().begin(), taken.faults().end());
    }
  }
  if (!faults.empty()) return faults;
  return study;
}

}  // namespace stargate
