// Fields of a study's risks, checked against the study's own lists.
#include "stargate/study/risk_spec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "stargate/study/spec.hpp"

namespace stargate {

namespace {
constexpr Rule kAnyAmount{.at_least = -1.0, .above = {}, .at_most = 1000};
}  // namespace

const RecordTable<RiskChangeSpec>& RiskChangeSpec::table() {
  using C = RiskChangeSpec;
  static const auto table =
      RecordTable<C>("change", "One figure of the study that turns out otherwise.")
          .required("driver", &C::driver, "What changes.")
          .required("amount", &C::amount, "A factor; of delays quarters; of performance -1 (low end) to 1 (high end).",
                    kAnyAmount)
          .optional("of", &C::of, "Ids of sites, systems, services, suppliers or products; else all.")
          .optional("from", &C::from, "Quarter from which it holds; else the first.");
  return table;
}

const RecordTable<RiskScenarioSpec>& RiskScenarioSpec::table() {
  using S = RiskScenarioSpec;
  static const auto table = RecordTable<S>("scenario", "A way the world may turn out.")
                                .required("scenario", &S::scenario, "Id in this study.")
                                .required("name", &S::name, "For tables.")
                                .required("probability", &S::probability, "Those of all scenarios add up to 100 %.", fraction)
                                .optional("changes", &S::changes, "What turns out otherwise; none: all as planned.")
                                .required("source", &S::source, "Where the figures come from.");
  return table;
}

const RecordTable<RiskDriverSpec>& RiskDriverSpec::table() {
  using D = RiskDriverSpec;
  static const auto table =
      RecordTable<D>("risk driver", "How far a figure of the study may be off.")
          .required("name", &D::name, "For tables.")
          .required("driver", &D::driver, "What changes.")
          .optional("of", &D::of, "Ids of sites, systems, services, suppliers or products; else all.")
          .optional("from", &D::from, "Quarter from which it holds; else the first.")
          .required("low", &D::low, "One in ten is below: a factor; of delays quarters; of performance -1 to 1.", kAnyAmount)
          .required("mid", &D::mid, "As many are below as above.", kAnyAmount)
          .required("high", &D::high, "One in ten is above.", kAnyAmount)
          .optional("market", &D::market, "How far it moves with all others that have one: correlation with the market.",
                    Rule{.at_least = -1.0, .above = {}, .at_most = 1})
          .required("source", &D::source, "Where the figures come from.");
  return table;
}

const RecordTable<RiskSpec>& RiskSpec::table() {
  using R = RiskSpec;
  static const auto table =
      RecordTable<R>("risk", "What may turn out otherwise.")
          .optional("decided", &R::decided, "Quarters whose orders and starts are the same whatever happens.", positive)
          .optional("scenarios", &R::scenarios, "For a plan that suits them all.")
          .optional("drivers", &R::drivers, "For draws: each figure with its range.");
  return table;
}

namespace {

class RiskCheck {
 public:
  RiskCheck(const Document& document, const StudySpec& study, const Catalogue& catalogue)
      : document_(document), study_(study), catalogue_(catalogue) {}

  Diagnostics run() {
    const Node* risk = document_.root.find("risk");
    if (risk == nullptr || !study_.risk) return {};
    const RiskSpec& spec = *study_.risk;
    if (const Node* list = risk->find("scenarios"); list != nullptr && list->items.size() == spec.scenarios.size()) {
      check_scenarios(*list, spec.scenarios);
    }
    if (const Node* list = risk->find("drivers"); list != nullptr && list->items.size() == spec.drivers.size()) {
      for (std::size_t i = 0; i < spec.drivers.size(); ++i) check_driver(list->items[i], spec.drivers[i], i);
    }
    return std::move(faults_);
  }

 private:
  void fault(const Node& at, std::string path, std::string message, std::string hint = {}) {
    faults_.push_back(document_.fault(at, std::move(path), std::move(message), std::move(hint)));
  }

  void check_scenarios(const Node& list, const std::vector<RiskScenarioSpec>& scenarios) {
    double sum = 0;
    std::set<std::string> known;
    for (std::size_t i = 0; i < scenarios.size(); ++i) {
      const auto& some = scenarios[i];
      const Node& node = list.items[i];
      const std::string path = fmt::format("risk.scenarios[{}]", i);
      sum += some.probability;
      if (!some.scenario.empty() && !known.insert(some.scenario).second) {
        fault(node, path + ".scenario", "'" + some.scenario + "' is given twice");
      }
      check_source(node, path, some.source);
      const Node* changes = node.find("changes");
      for (std::size_t c = 0; changes != nullptr && c < std::min(changes->items.size(), some.changes.size()); ++c) {
        const auto& change = some.changes[c];
        const std::string at = fmt::format("{}.changes[{}]", path, c);
        check_target(changes->items[c], at, change.driver, change.of, change.from);
        check_amount(changes->items[c], at + ".amount", "amount", change.driver, change.amount);
      }
    }
    if (scenarios.empty() || std::abs(sum - 1) < 1e-9) return;
    fault(list, "risk.scenarios", fmt::format("probabilities add up to {:.4g} %", 100 * sum), "they must add up to 100 %");
  }

  void check_driver(const Node& node, const RiskDriverSpec& some, std::size_t i) {
    const std::string path = fmt::format("risk.drivers[{}]", i);
    check_source(node, path, some.source);
    check_target(node, path, some.driver, some.of, some.from);
    for (const auto& [key, amount] : {std::pair{"low", some.low}, {"mid", some.mid}, {"high", some.high}}) {
      check_amount(node, path + "." + key, key, some.driver, amount);
    }
    if (!(some.low <= some.mid && some.mid <= some.high)) fault(node, path, "low, mid and high do not rise");
  }

  void check_source(const Node& node, const std::string& path, const SourceNote& note) {
    for (const auto& id : note.sources) {
      if (catalogue_.sources.contains(id) || study_.sources.contains(id)) continue;
      fault(node, path + ".source", "there is no source '" + id + "'", "name it under sources, or write {assumption: why}");
    }
  }

  void check_amount(const Node& node, const std::string& path, const char* key, PlanDriver driver, double amount) {
    const Node* value = node.find(key);
    const Node& at = value != nullptr ? *value : node;
    if (is_factor(driver) && !(amount > 0)) fault(at, path, "is not above zero", "a factor: 60 % is two fifths less");
    if (driver == PlanDriver::performance && !(amount <= 1)) fault(at, path, "is above 1", "1 is the high end of the range");
    if (!is_factor(driver) && driver != PlanDriver::performance && !(amount >= 0 && amount <= 40)) {
      fault(at, path, "is not between 0 and 40 quarters", "a delay in quarters");
    }
  }

  void check_target(const Node& node, const std::string& path, PlanDriver driver, const std::vector<std::string>& of,
                    const std::optional<Quarter>& from) {
    if (from && acts_at_once(driver)) {
      fault(node, path + ".from", "has no meaning for this driver", "it holds from the first quarter; leave it out");
    }
    const std::vector<std::string> known = names_for(driver);
    for (const std::string& id : of) {
      if (std::find(known.begin(), known.end(), id) != known.end()) continue;
      const Node* value = node.find("of");
      fault(value != nullptr ? *value : node, path + ".of", "the study has no '" + id + "' that this driver changes",
            known.empty() ? "leave 'of' out: it changes all of them" : suggest_name(id, known));
    }
  }

  std::vector<std::string> names_for(PlanDriver driver) const {
    std::vector<std::string> out;
    switch (driver) {
      case PlanDriver::memory_price:
        break;
      case PlanDriver::construction_price:
      case PlanDriver::electricity_price:
      case PlanDriver::grid_delay:
      case PlanDriver::construction_delay:
        for (const auto& site : study_.sites) out.push_back(site.site);
        break;
      case PlanDriver::system_price:
      case PlanDriver::delivery_delay:
      case PlanDriver::availability:
      case PlanDriver::performance:
        for (const auto& system : study_.systems) out.push_back(system.system);
        break;
      case PlanDriver::supply:
        for (const auto& share : study_.shares) {
          out.push_back(share.supplier);
          for (const auto& some : catalogue_.suppliers.at(share.supplier).delivers) out.push_back(some.product);
        }
        break;
      case PlanDriver::demand:
      case PlanDriver::token_price:
      case PlanDriver::efficiency:
        for (const auto& service : study_.services) out.push_back(service.service);
    }
    return out;
  }

  const Document& document_;
  const StudySpec& study_;
  const Catalogue& catalogue_;
  Diagnostics faults_;
};

/// Whether nothing is left of a list that named something.
bool drop_names(Node& item, const std::vector<std::string>& left_out) {
  Node* of = item.find("of");
  if (of == nullptr || of->items.empty()) return false;
  std::erase_if(of->items, [&](const Node& name) {
    return std::any_of(left_out.begin(), left_out.end(), [&](const std::string& record) {
      const std::size_t colon = record.find(':');
      return colon != std::string::npos && record.substr(colon + 1) == name.text;
    });
  });
  return of->items.empty();
}

}  // namespace

Diagnostics check_risk(const Document& document, const StudySpec& study, const Catalogue& catalogue) {
  return RiskCheck(document, study, catalogue).run();
}

void drop_left_out_of_risk(Node& root, const std::vector<std::string>& left_out) {
  Node* risk = root.find("risk");
  if (risk == nullptr) return;
  if (Node* drivers = risk->find("drivers")) {
    std::erase_if(drivers->items, [&](Node& driver) { return drop_names(driver, left_out); });
  }
  Node* scenarios = risk->find("scenarios");
  if (scenarios == nullptr) return;
  for (Node& scenario : scenarios->items) {
    Node* changes = scenario.find("changes");
    if (changes != nullptr) std::erase_if(changes->items, [&](Node& change) { return drop_names(change, left_out); });
  }
}

std::vector<PlanScenario> plan_scenarios(const RiskSpec& risk) {
  std::vector<PlanScenario> out;
  for (const auto& spec : risk.scenarios) {
    out.push_back({spec.name, spec.probability, {}});
    for (const auto& change : spec.changes) {
      out.back().changes.push_back({change.driver, change.amount, change.of, change.from});
    }
  }
  return out;
}

std::vector<PlanMarginal> plan_marginals(const RiskSpec& risk) {
  std::vector<PlanMarginal> out;
  for (const auto& spec : risk.drivers) {
    out.push_back({spec.name, {spec.driver, spec.mid, spec.of, spec.from}, spec.low, spec.mid, spec.high, spec.market});
  }
  return out;
}

}  // namespace stargate
