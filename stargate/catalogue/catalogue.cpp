// Loading: each kind's folder is read by that kind's field table, then the whole is checked (catalogue_check.cpp).
#include "stargate/catalogue/catalogue.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "stargate/catalogue/catalogue_check.hpp"
#include "stargate/catalogue/catalogue_without_laws.hpp"
#include "stargate/catalogue/derive.hpp"
#include "stargate/catalogue/model_config.hpp"

namespace stargate {
namespace {

std::string file_stem(const std::string& path) {
  const auto slash = path.rfind('/');
  const auto name = slash == std::string::npos ? path : path.substr(slash + 1);
  return name.substr(0, name.rfind('.'));
}

/// What loading carries from file to file.
struct Loader {
  const FileReader& files;
  std::string folder;
  const CatalogueChanges& changes;
  Diagnostics faults;
  std::set<std::string> used;       ///< records named by a change that were found
  std::vector<std::string> broken;  ///< kind:id of records that could not be read

  bool left_out(const std::string& name) {
    for (const auto& without : changes.without) {
      if (without == name) return used.insert(name), true;
    }
    return false;
  }

  /// The changes whose path begins with this record's kind:id, and with no longer one of `names`: ids may hold dots, as
  /// "engine:vllm-0" and "engine:vllm-0.14" do. They count as used.
  std::vector<Override> changes_of(const std::string& name, const std::vector<std::string>& names) {
    std::vector<Override> out;
    for (const auto& change : changes.set) {
      if (!change.path.starts_with(name + ".")) continue;
      const bool longer = std::any_of(names.begin(), names.end(), [&](const std::string& other) {
        return other.size() > name.size() && change.path.starts_with(other + ".");
      });
      if (longer) continue;
      used.insert(change.path);
      out.push_back(change);
    }
    return out;
  }

  /// True when there were any changes.
  bool change(Document& document, const std::string& name, const std::vector<std::string>& names) {
    const auto own = changes_of(name, names);
    for (const auto& change : own) {
      auto applied = apply_override(document, change);
      if (!applied.ok()) add(applied.faults());
    }
    return !own.empty();
  }

  void break_record(const std::string& name, const Diagnostics& more) {
    broken.push_back(name);
    add(more);
  }

  /// The record's document with its changes; nothing when there is a fault, which is added. A document that is changed
  /// is left in `before` as it was written.
  std::optional<Document> read(const std::string& path, const std::string& name, const std::vector<std::string>& names,
                               std::optional<Document>* before = nullptr) {
    auto text = files.read(path);
    if (!text) return break_record(name, text.faults()), std::nullopt;
    auto document = parse_yaml(path, *text);
    if (!document) return break_record(name, document.faults()), std::nullopt;
    const std::size_t known_faults = faults.size();
    const Document written = before != nullptr && !changes.set.empty() ? *document : Document{};
    if (change(*document, name, names) && before != nullptr) *before = written;
    if (faults.size() > known_faults) return broken.push_back(name), std::nullopt;
    return std::move(*document);
  }

  void add(const Diagnostics& more) { faults.insert(faults.end(), more.begin(), more.end()); }
};

/// `listed`, when given, keeps what changed records were before. One kind's folder: read, changed, checked for sources,
/// kept by id. A record at fault is remembered as broken, so that what refers to it is not told as a fault too.
template <class R>
void load_records(Loader& loader, const std::string& kind, const std::string& folder, Records<R>& records,
                  Records<R>* listed = nullptr) {
  const auto paths = loader.files.list(loader.folder + "/" + folder, ".yaml");
  std::vector<std::string> names;
  for (const auto& path : paths) names.push_back(kind + ":" + file_stem(path));
  for (const auto& path : paths) {
    const std::string id = file_stem(path);
    const std::string name = kind + ":" + id;
    if (loader.left_out(name)) continue;
    std::optional<Document> before;
    auto document = loader.read(path, name, names, listed != nullptr ? &before : nullptr);
    if (!document) continue;
    if (before && listed != nullptr) {
      if (auto record = read_record<R>(*before); record.ok()) {
        record->id = id;
        listed->emplace(id, std::move(*record));
      }
    }
    auto record = read_record<R>(*document);
    if (!record) {
      loader.break_record(name, record.faults());
      continue;
    }
    record->id = id;
    loader.add(check_sources(*document, *record));
    records.emplace(id, std::move(*record));
  }
}

void load_models(Loader& loader, Records<Model>& models) {
  const auto paths = loader.files.list(loader.folder + "/models", ".json");
  std::vector<std::string> names;
  for (const auto& path : paths) names.push_back("model:" + file_stem(path));
  for (const auto& path : paths) {
    const std::string id = file_stem(path);
    if (loader.left_out("model:" + id)) continue;
    for (const auto& change : loader.changes_of("model:" + id, names)) {
      loader.faults.push_back({"--set " + change.path, 0, 0, {}, "a model's fields cannot be set",
                               "change a copy of " + path + " and give its path as the model", {}});
    }
    auto text = loader.files.read(path);
    if (!text) {
      loader.break_record("model:" + id, text.faults());
      continue;
    }
    auto model = parse_model_config(path, *text);
    if (!model) {
      loader.break_record("model:" + id, model.faults());
      continue;
    }
    model->id = id;
    if (model->name.empty()) model->name = id;
    models.emplace(id, std::move(*model));
  }
}

void load_sources(Loader& loader, std::map<std::string, Source>& sources) {
  const std::string path = loader.folder + "/sources.yaml";
  auto text = loader.files.read(path);
  if (!text) return loader.add(text.faults());
  auto document = parse_yaml(path, *text);
  if (!document) return loader.add(document.faults());
  Reader reader(*document, loader.faults);
  Codec<std::map<std::string, Source>>::read(reader, document->root, sources, {});
}

/// Files that no kind reads are mistakes of naming: a folder misspelt, ".yml" for ".yaml", a record beside its folder.
void report_unread_files(Loader& loader) {
  const std::size_t root = loader.folder.size() + 1;
  std::vector<std::string> folders;
  for (const auto& kind : record_kinds()) folders.push_back(kind.folder);
  for (const auto& path : loader.files.list(loader.folder, "")) {
    const std::string inside = path.size() > root ? path.substr(root) : path;
    const auto slash = inside.find('/');
    const std::string folder = slash == std::string::npos ? "" : inside.substr(0, slash);
    const bool known_file = inside == "sources.yaml" || inside == "expected_errors.yaml" ||
                            inside == "published_costs.csv" || inside == "published_mfu.yaml" ||
                            inside == "published_cases.yaml" || folder == "published_cases";
    if (known_file || inside.find("/.") != std::string::npos || inside.starts_with('.')) continue;
    const bool known = std::find(folders.begin(), folders.end(), folder) != folders.end();
    const std::string_view ending = folder == "models" ? ".json" : ".yaml";
    if (known && inside.ends_with(ending)) continue;
    std::string message = "is read by nothing: a record's file ends in " + std::string(ending);
    if (!known) message = "is read by nothing: there is no kind of record with the folder '" + folder + "'";
    if (folder.empty()) message = "is read by nothing: a record lies in the folder of its kind";
    loader.faults.push_back({path, 0, 0, {}, message, known ? "rename it" : suggest_name(folder, folders), {}});
    if (loader.faults.size() > 100) return;  // a folder that is no catalogue
  }
}

/// A fault of the whole catalogue knows file and path: the line is found by reading that file again, with its changes,
/// which may be where the value comes from.
void find_lines(Loader& loader, Diagnostics& faults) {
  for (auto& fault : faults) {
    const auto file_of = std::find_if(record_kinds().begin(), record_kinds().end(), [&](const RecordKind& kind) {
      return fault.file.starts_with(loader.folder + "/" + kind.folder + "/");
    });
    if (fault.line != 0 || file_of == record_kinds().end()) continue;
    Loader again{loader.files, loader.folder, loader.changes, {}, {}, {}};
    const auto document = again.read(fault.file, file_of->name + ":" + file_stem(fault.file), {});
    if (document) fault = document->fault(node_at(document->root, fault.path), fault.path, fault.message, fault.hint);
  }
}

/// A change that names no record is the user's typing mistake.
void report_unused_changes(Loader& loader, const Catalogue& catalogue) {
  const auto report = [&](const std::string& flag, const std::string& text) {
    if (loader.used.contains(text)) return;
    auto name = parse_record_name(text);
    if (!name) return loader.add(name.faults());
    const std::string id = name->id.substr(0, flag == "--set" ? name->id.find('.') : std::string::npos);
    loader.faults.push_back({flag + " " + text,
                             0,
                             0,
                             {},
                             "there is no " + name->kind + " '" + id + "'",
                             suggest_name(id, record_ids(catalogue, name->kind)),
                             {}});
  };
  for (const auto& without : loader.changes.without) report("--without", without);
  for (const auto& change : loader.changes.set) report("--set", change.path);
}

}  // namespace

const std::vector<RecordKind>& record_kinds() {
  static const std::vector<RecordKind> kinds = {
      {"architecture", "architectures", &Architecture::table().text()},
      {"accelerator", "accelerators", &Accelerator::table().text()},
      {"system", "systems", &System::table().text()},
      {"cpu", "cpus", &Cpu::table().text()},
      {"memory", "memories", &MemoryKind::table().text()},
      {"network", "networks", &Network::table().text()},
      {"site", "sites", &Site::table().text()},
      {"route", "routes", &Route::table().text()},
      {"supplier", "suppliers", &Supplier::table().text()},
      {"rental", "rentals", &RentalPrice::table().text()},
      {"owner", "owners", &Owner::table().text()},
      {"reliability", "reliability", &Reliability::table().text()},
      {"training", "training", &TrainingCoefficients::table().text()},
      {"engine", "engines", &ServingEngine::table().text()},
      {"engine_memory", "engine_memory", &EngineMemory::table().text()},
      {"model", "models", nullptr},
      {"calibration", "calibration", &Calibration::table().text()},
  };
  return kinds;
}

Result<RecordName> parse_record_name(std::string_view text) {
  const auto colon = text.find(':');
  std::vector<std::string> known;
  for (const auto& kind : record_kinds()) known.push_back(kind.name);
  const std::string name(text.substr(0, colon));
  const bool good = std::find(known.begin(), known.end(), name) != known.end();
  if (colon == std::string_view::npos || colon + 1 == text.size() || !good) {
    return Diagnostic{{},
                      0,
                      0,
                      {},
                      "'" + std::string(text) + "' names no record",
                      "write kind:id, such as supplier:samsung; " + suggest_name(name, known),
                      {}};
  }
  return RecordName{name, std::string(text.substr(colon + 1))};
}

std::vector<std::string> record_ids(const Catalogue& catalogue, const std::string& kind) {
  std::vector<std::string> ids;
  const auto add = [&](const char* name, const auto& records) {
    if (kind != name) return;
    for (const auto& [id, record] : records) ids.push_back(id);
  };
  add("architecture", catalogue.architectures), add("accelerator", catalogue.accelerators),
      add("system", catalogue.systems), add("cpu", catalogue.cpus);
  add("memory", catalogue.memories), add("network", catalogue.networks), add("site", catalogue.sites);
  add("route", catalogue.routes), add("supplier", catalogue.suppliers), add("rental", catalogue.rentals);
  add("owner", catalogue.owners);
  add("reliability", catalogue.reliabilities), add("training", catalogue.training);
  add("engine", catalogue.engines), add("engine_memory", catalogue.engine_memories);
  add("model", catalogue.models), add("calibration", catalogue.calibrations);
  return ids;
}

const TrainingCoefficients& training_coefficients(const Catalogue& catalogue) {
  static const TrainingCoefficients none;
  return catalogue.training.empty() ? none : catalogue.training.begin()->second;
}

namespace {

/// Whether a text is a version, not the name of a branch or a commit.
bool is_version(const std::string& text) {
  return !text.empty() && (text[0] == 'v' || (text[0] >= '0' && text[0] <= '9'));
}

}  // namespace

/// Of ranges that begin at or before the version (or whose first version was out by then) the latest; else the oldest.
const ServingEngine* find_engine(const Catalogue& catalogue, const std::string& engine, const std::string& version,
                                 std::optional<Quarter> at) {
  const ServingEngine *newest = nullptr, *oldest = nullptr;
  const bool known = is_version(version);
  for (const auto& [id, record] : catalogue.engines) {
    if (record.engine != engine) continue;
    const bool begun = known ? record.since.empty() || compare_versions(record.since, version) <= 0
                             : !at || !record.released || *record.released <= *at;
    if (oldest == nullptr || compare_versions(record.since, oldest->since) < 0) oldest = &record;
    if (!begun) continue;
    if (newest == nullptr || compare_versions(record.since, newest->since) > 0) newest = &record;
  }
  return newest != nullptr ? newest : oldest;
}

std::shared_ptr<const EngineMemory> find_engine_memory(const Catalogue& catalogue, const std::string& engine,
                                                       const std::string& version, const std::string& before) {
  const EngineMemory *newest = nullptr, *oldest = nullptr;
  for (const auto& [id, record] : catalogue.engine_memories) {
    if (record.engine != engine) continue;
    if (oldest == nullptr || compare_versions(record.since, oldest->since) < 0) oldest = &record;
    const bool begun = is_version(version) ? compare_versions(record.since, version) <= 0
                                           : before.empty() || compare_versions(record.since, before) < 0;
    if (begun && (newest == nullptr || compare_versions(record.since, newest->since) > 0)) newest = &record;
  }
  const EngineMemory* found = newest != nullptr ? newest : oldest;
  return found != nullptr ? std::make_shared<const EngineMemory>(*found) : nullptr;
}

EngineCoefficients coefficients_of(const Catalogue& catalogue, const ServingEngine& record,
                                   const std::string& version) {
  EngineCoefficients out = record;
  if (is_version(version)) out.memory = find_engine_memory(catalogue, record.engine, version);
  return out;
}

namespace {

/// Ids alone; what is in the files is not looked at.
void list_calibrations(Loader& loader, CalibrationSet& calibrations) {
  for (const auto& path : loader.files.list(loader.folder + "/calibration", ".yaml")) {
    calibrations[file_stem(path)].id = file_stem(path);
  }
}

Result<Catalogue> load(const FileReader& files, const std::string& folder, const CatalogueChanges& changes,
                       bool with_laws) {
  Loader loader{files, folder, changes, {}, {}, {}};
  Catalogue catalogue;
  catalogue.left_out = changes.without;
  load_sources(loader, catalogue.sources);
  load_records(loader, "architecture", "architectures", catalogue.architectures);
  load_records(loader, "accelerator", "accelerators", catalogue.accelerators, &catalogue.listed.accelerators);
  load_records(loader, "system", "systems", catalogue.systems, &catalogue.listed.systems);
  load_records(loader, "cpu", "cpus", catalogue.cpus);
  load_records(loader, "memory", "memories", catalogue.memories, &catalogue.listed.memories);
  load_records(loader, "network", "networks", catalogue.networks, &catalogue.listed.networks);
  load_records(loader, "site", "sites", catalogue.sites);
  load_records(loader, "route", "routes", catalogue.routes);
  load_records(loader, "supplier", "suppliers", catalogue.suppliers);
  load_records(loader, "rental", "rentals", catalogue.rentals);
  load_records(loader, "owner", "owners", catalogue.owners);
  load_records(loader, "reliability", "reliability", catalogue.reliabilities);
  load_records(loader, "training", "training", catalogue.training);
  load_records(loader, "engine", "engines", catalogue.engines);
  load_records(loader, "engine_memory", "engine_memory", catalogue.engine_memories);
  for (auto& [id, engine] : catalogue.engines) {
    engine.memory = find_engine_memory(catalogue, engine.engine, {}, engine.before);
  }
  load_models(loader, catalogue.models);
  if (with_laws) load_records(loader, "calibration", "calibration", catalogue.calibrations);
  for (auto& [id, calibration] : catalogue.calibrations) {
    for (auto& group : calibration.groups) group.device = calibration.device, group.law = calibration.law;
  }
  report_unused_changes(loader, catalogue);
  report_unread_files(loader);
  auto missing = changes.without;
  missing.insert(missing.end(), loader.broken.begin(), loader.broken.end());
  auto references = check_references(catalogue, folder, missing);
  if (!with_laws) list_calibrations(loader, catalogue.calibrations);
  find_lines(loader, references);
  loader.add(references);
  if (!loader.faults.empty()) return std::move(loader.faults);
  derive_dependents(catalogue, changes);
  return catalogue;
}

}  // namespace

/// Everything is read before anything is refused, so that all faults are told together; only then do changes reach what
/// depends on them.
Result<Catalogue> load_catalogue(const FileReader& files, const std::string& folder, const CatalogueChanges& changes) {
  return load(files, folder, changes, true);
}

Result<Catalogue> load_catalogue_without_laws(const FileReader& files, const std::string& folder) {
  return load(files, folder, {}, false);
}

const Route* find_route(const Catalogue& catalogue, const std::string& a, const std::string& b) {
  for (const auto& [id, route] : catalogue.routes) {
    if ((route.from == a && route.to == b) || (route.from == b && route.to == a)) return &route;
  }
  return nullptr;
}

}  // namespace stargate
