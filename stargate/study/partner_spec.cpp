// Partners' fields, the names in them checked against the study's lists, and what the planner is given.
#include "stargate/study/partner_spec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "stargate/study/spec.hpp"

namespace stargate {

const RecordTable<SubstituteSpec>& SubstituteSpec::table() {
  using S = SubstituteSpec;
  static const auto table =
      RecordTable<S>("substitute", "What there is of a thing whose partner is not in the programme.")
          .optional("share", &S::share, "Of its amount.", fraction)
          .optional("price", &S::price, "Over its price: of systems and construction, of what customers pay, of interest.",
                    {.at_least = 0.01, .above = {}, .at_most = 100})
          .optional("delay", &S::delay, "From the first quarter until it is there.", not_negative);
  return table;
}

const RecordTable<PartnerSpec>& PartnerSpec::table() {
  using P = PartnerSpec;
  static const auto table =
      RecordTable<P>("partner", "Who brings a part of the programme, and what there is without it.")
          .required("partner", &P::partner, "Id in this study.")
          .required("name", &P::name, "For tables.")
          .required("role", &P::role, "What it does, in words.")
          .optional("capital", &P::capital, "Shares of tranches, by their name.", fraction)
          .optional("sites", &P::sites, "Ids of sites of the study.")
          .optional("systems", &P::systems, "Ids of systems of the study.")
          .optional("suppliers", &P::suppliers, "Ids of suppliers that the study has shares of.")
          .optional("services", &P::services, "Ids of services of the study: its customers.")
          .optional("spill", &P::spill, "What the market gives in its place, at once.")
          .optional("follow", &P::follow, "What rivals build up in its place.")
          .required("source", &P::source, "Where the figures come from.");
  return table;
}

namespace {

class PartnerCheck {
 public:
  PartnerCheck(const Document& document, const StudySpec& study, const Catalogue& catalogue)
      : document_(document), study_(study), catalogue_(catalogue) {}

  Diagnostics run() {
    const Node* list = document_.root.find("partners");
    if (list == nullptr || list->items.size() != study_.partners.size()) return {};
    if (study_.partners.size() > static_cast<std::size_t>(kMostPartners)) {
      fault(*list, "partners", fmt::format("are more than {}", kMostPartners), "join some");
    }
    std::set<std::string> known;
    for (std::size_t i = 0; i < study_.partners.size(); ++i) check(list->items[i], study_.partners[i], i, known);
    return std::move(faults_);
  }

 private:
  void fault(const Node& at, std::string path, std::string message, std::string hint = {}) {
    faults_.push_back(document_.fault(at, std::move(path), std::move(message), std::move(hint)));
  }

  template <class Item>
  void names(const Node& partner, const std::string& path, const char* key, const std::vector<std::string>& ids,
             const std::vector<Item>& items, std::string Item::*name) {
    std::vector<std::string> there;
    for (const Item& item : items) there.push_back(item.*name);
    for (const std::string& id : ids) {
      if (std::find(there.begin(), there.end(), id) != there.end()) continue;
      const Node* value = partner.find(key);
      fault(value != nullptr ? *value : partner, path + "." + key,
            "the study has no '" + id + "' among its " + (std::string(key) == "suppliers" ? "shares" : key),
            suggest_name(id, there));
    }
  }

  void check(const Node& node, const PartnerSpec& some, std::size_t i, std::set<std::string>& known) {
    const std::string path = fmt::format("partners[{}]", i);
    if (!some.partner.empty() && !known.insert(some.partner).second) {
      fault(node, path + ".partner", "'" + some.partner + "' is given twice");
    }
    std::vector<std::string> tranches;
    for (const auto& [name, share] : some.capital) tranches.push_back(name);
    names(node, path, "capital", tranches, study_.capital, &TrancheSpec::name);
    names(node, path, "sites", some.sites, study_.sites, &StudySiteSpec::site);
    names(node, path, "systems", some.systems, study_.systems, &StudySystemSpec::system);
    names(node, path, "suppliers", some.suppliers, study_.shares, &ShareSpec::supplier);
    names(node, path, "services", some.services, study_.services, &StudyServiceSpec::service);
    if (tranches.empty() && some.sites.empty() && some.systems.empty() && some.suppliers.empty() && some.services.empty()) {
      fault(node, path, "brings nothing", "name capital, sites, systems, suppliers or services");
    }
    for (const auto& id : some.source.sources) {
      if (catalogue_.sources.contains(id) || study_.sources.contains(id)) continue;
      fault(node, path + ".source", "there is no source '" + id + "'", "name it under sources, or write {assumption: why}");
    }
  }

  const Document& document_;
  const StudySpec& study_;
  const Catalogue& catalogue_;
  Diagnostics faults_;
};

PlanSubstitute plan_substitute(const SubstituteSpec& spec) {
  return {spec.share, spec.price, static_cast<int>(std::ceil(spec.delay / quarter_year - 1e-9))};
}

}  // namespace

Diagnostics check_partners(const Document& document, const StudySpec& study, const Catalogue& catalogue) {
  return PartnerCheck(document, study, catalogue).run();
}

void drop_left_out_of_partners(Node& root, const std::vector<std::string>& left_out) {
  static constexpr std::pair<const char*, const char*> lists[] = {
      {"sites", "site:"}, {"systems", "system:"}, {"suppliers", "supplier:"}};
  Node* partners = root.find("partners");
  if (partners == nullptr) return;
  for (Node& partner : partners->items) {
    for (const auto& [list, kind] : lists) {
      Node* names = partner.find(list);
      if (names == nullptr) continue;
      const std::string prefix = kind;
      std::erase_if(names->items, [&](const Node& name) {
        return std::find(left_out.begin(), left_out.end(), prefix + name.text) != left_out.end();
      });
    }
  }
}

std::vector<PlanPartner> plan_partners(const StudySpec& study) {
  std::vector<PlanPartner> out;
  for (const PartnerSpec& spec : study.partners) {
    out.push_back({spec.partner, spec.name, spec.capital, spec.sites, spec.systems, spec.suppliers, spec.services,
                   plan_substitute(spec.spill), plan_substitute(spec.follow)});
  }
  return out;
}

}  // namespace stargate
