// Checks keep the place of each value: they walk the document beside the record made from it.
#include "stargate/service/service_study.hpp"

#include <algorithm>

namespace stargate {
namespace {

class ServiceCheck {
 public:
  ServiceCheck(const Document& document, const ServiceStudySpec& study, const Catalogue& catalogue)
      : document_(document), study_(study), catalogue_(catalogue) {}

  Diagnostics run() {
    const Node& root = document_.root;
    reference(root, "model", "", "model", study_.model);
    if (find_engine(catalogue_, study_.engine) == nullptr) {
      fault(root, "engine", "", "the catalogue has no engine '" + study_.engine + "'", "vllm, sglang or trtllm");
    }
    if (const Node* operation = root.find("operation")) {
      if (!parse_router_policy(study_.operation.router)) {
        fault(*operation, "router", "operation", "'" + study_.operation.router + "' is no router",
              "known: " + router_policy_names());
      }
      source("operation", *operation, study_.operation.source);
    }
    if (items("sites", study_.sites.size())) {
      for (std::size_t i = 0; i < study_.sites.size(); ++i) check_site(i);
    }
    if (items("tenants", study_.tenants.size()) && faults_.empty()) {
      for (std::size_t i = 0; i < study_.tenants.size(); ++i) check_tenant(i);
    }
    return std::move(faults_);
  }

 private:
  bool items(const char* list, std::size_t count) {
    const Node* node = document_.root.find(list);
    if (node == nullptr || node->items.size() != count) return false;
    if (count == 0) fault(document_.root, list, "", "is empty", "a service has at least one of them");
    return true;
  }
  const Node& item(const char* list, std::size_t index) const { return document_.root.find(list)->items[index]; }

  void fault(const Node& mapping, const char* key, std::string path, std::string message, std::string hint = {}) {
    const Node* value = mapping.find(key);
    path += (path.empty() ? "" : ".") + std::string(key);
    faults_.push_back(document_.fault(value != nullptr ? *value : mapping, path, std::move(message), std::move(hint)));
  }

  void reference(const Node& mapping, const char* key, const std::string& path, const std::string& kind,
                 const std::string& id) {
    const auto known = record_ids(catalogue_, kind);
    if (id.empty() || std::find(known.begin(), known.end(), id) != known.end()) return;
    fault(mapping, key, path, "there is no " + kind + " '" + id + "' in the catalogue", suggest_name(id, known));
  }

  void source(const std::string& path, const Node& mapping, const SourceNote& note) {
    for (const auto& id : note.sources) {
      if (catalogue_.sources.contains(id) || study_.sources.contains(id)) continue;
      fault(mapping, "source", path, "there is no source '" + id + "'",
            "name it under sources, or write {assumption: why}");
    }
  }

  void check_site(std::size_t index) {
    const auto& site = study_.sites[index];
    const std::string path = "sites[" + std::to_string(index) + "]";
    reference(item("sites", index), "site", path, "site", site.site);
    reference(item("sites", index), "system", path, "system", site.system);
    source(path, item("sites", index), site.source);
  }

  void check_tenant(std::size_t index) {
    const auto& tenant = study_.tenants[index];
    const Node& node = item("tenants", index);
    const std::string path = "tenants[" + std::to_string(index) + "]";
    source(path, node, tenant.source);
    for (std::size_t i = 0; i < index; ++i) {
      if (study_.tenants[i].tenant == tenant.tenant) {
        fault(node, "tenant", path, "'" + tenant.tenant + "' is the name of two tenants");
      }
    }
    std::vector<std::string> countries;
    bool may_run = false;
    for (const auto& one : study_.sites) {
      const Site& site = catalogue_.sites.at(one.site);
      countries.push_back(site.country);
      const auto& where = tenant.residency;
      if (!where.empty() && std::find(where.begin(), where.end(), site.country) == where.end()) continue;
      may_run = true;
      if (site.region != tenant.home && find_route(catalogue_, site.region, tenant.home) == nullptr) {
        fault(node, "home", path, "there is no route from '" + tenant.home + "' to " + site.region,
              "add one under routes/ of the catalogue");
      }
    }
    if (!may_run) {
      std::sort(countries.begin(), countries.end());
      countries.erase(std::unique(countries.begin(), countries.end()), countries.end());
      std::string known;
      for (const auto& country : countries) known += (known.empty() ? "" : ", ") + country;
      fault(node, "residency", path, "no site of the service is in any of these countries",
            "its sites are in: " + known);
    }
  }

  const Document& document_;
  const ServiceStudySpec& study_;
  const Catalogue& catalogue_;
  Diagnostics faults_;
};

}  // namespace

Result<ServiceStudySpec> parse_service_study(const std::string& file, std::string_view text, const Catalogue& catalogue,
                                             const std::vector<Override>& changes) {
  auto document = parse_yaml(file, text);
  if (!document) return document.faults();
  if (document->root.find("horizon") != nullptr && document->root.find("tenants") == nullptr) {
    return document->fault(document->root, "", "this is a build-out's study, not a service's",
                           "plan it: stargate plan " + file);
  }
  drop_left_out(document->root, "sites", "site", "site", catalogue.left_out);
  Diagnostics faults;
  for (const auto& change : changes) {
    auto applied = apply_override(*document, change);
    if (!applied.ok()) faults.insert(faults.end(), applied.faults().begin(), applied.faults().end());
  }
  if (!faults.empty()) return faults;  // what a faulty change leaves behind is no further fault
  ServiceStudySpec study;
  Reader reader(*document, faults);
  ServiceStudySpec::table().read(reader, document->root, study);
  if (faults.empty()) faults = ServiceCheck(*document, study, catalogue).run();
  if (!faults.empty()) return faults;
  return study;
}

bool is_service_study(const FileReader& files, const std::string& file) {
  const auto text = files.read(file);
  if (!text.ok()) return false;
  const auto document = parse_yaml(file, *text);
  return document.ok() && document->root.find("tenants") != nullptr;
}

Result<ServiceStudySpec> load_service_study(const FileReader& files, const std::string& file,
                                            const Catalogue& catalogue, const std::vector<Override>& changes) {
  auto text = files.read(file);
  if (!text) return text.faults();
  return parse_service_study(file, *text, catalogue, changes);
}

}  // namespace stargate
