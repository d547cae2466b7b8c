// Everything that can be bought or run, read from a folder: one record a file, the file's name its id.
// Loading checks the catalogue as a whole: every field has a source, every source exists, every reference resolves, and
// no file lies about that nothing reads.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "stargate/base/file_reader.hpp"
#include "stargate/catalogue/architecture.hpp"
#include "stargate/catalogue/calibration.hpp"
#include "stargate/catalogue/model.hpp"
#include "stargate/catalogue/owner.hpp"
#include "stargate/catalogue/place.hpp"
#include "stargate/catalogue/reliability.hpp"
#include "stargate/catalogue/serving_engine.hpp"
#include "stargate/catalogue/training_coefficients.hpp"
#include "stargate/config/override.hpp"

namespace stargate {

/// By id, hence in the order of ids wherever records are listed.
template <class R>
using Records = std::map<std::string, R>;

/// Records that a change touched, as their files have them: what a change is measured against. An accelerator with more
/// bandwidth keeps the coefficients it had, and a link's new latency scales those measured over the old one.
struct ListedRecords {
  Records<Accelerator> accelerators;  ///< chips
  Records<System> systems;            ///< nodes and racks as they are bought
  Records<MemoryKind> memories;       ///< generations of HBM and its like
  Records<Network> networks;          ///< links and switches
};

/// Which end of the range is meant where a figure is known as one: the times of a device that nobody measured. Low is
/// slow.
enum class Confidence { low, mid, high };
template <>
struct EnumNames<Confidence> {
  static constexpr std::pair<const char*, Confidence> names[] = {
      {"low", Confidence::low}, {"mid", Confidence::mid}, {"high", Confidence::high}};
};

/// Read once, then only read: it may be shared by threads. Pointers and references to records stay good while it lives,
/// copying makes others. All references by id between records resolve.
struct Catalogue {
  std::map<std::string, Source> sources;  ///< by id, from sources.yaml
  Records<Architecture> architectures;    ///< what literature and whole runs say of a family of chips
  Records<Accelerator> accelerators;
  Records<System> systems;
  Records<Cpu> cpus;  ///< host processors
  Records<MemoryKind> memories;
  Records<Network> networks;
  Records<Site> sites;                      ///< data centres
  Records<Route> routes;                    ///< round trips between regions
  Records<Supplier> suppliers;              ///< who makes what, and how much a quarter
  Records<RentalPrice> rentals;             ///< quotes by the hour
  Records<Owner> owners;                     ///< who owns machines, on what terms
  Records<Reliability> reliabilities;       ///< failures that fleets have reported
  Records<TrainingCoefficients> training;   ///< one record, "coefficients"
  Records<ServingEngine> engines;           ///< versions of engines, with coefficients
  Records<EngineMemory> engine_memories;    ///< versions of engines, with what they take of the memory
  Records<Model> models;                    ///< from config.json, or written by hand
  CalibrationSet calibrations;              ///< fitted laws, by device and law
  std::vector<std::string> left_out;        ///< kind:id of records that CatalogueChanges::without named
  ListedRecords listed;                     ///< as the files have them, before any question changed them
  Confidence confidence = Confidence::mid;  ///< of a question
};

/// Changes to make while loading: "accelerator:h100-sxm.memory_bandwidth" set, "supplier:samsung" left out. What is
/// made of a changed part changes with it (derive.hpp).
struct CatalogueChanges {
  std::vector<Override> set;         ///< paths that begin with kind:id
  std::vector<std::string> without;  ///< kind:id
};

/// Faults name file, line and remedy; a record that could not be read is one fault, not also one of each that names it.
/// `folder` without a slash at its end. Changes are applied to the text before it is read, so a changed value is
/// checked as a written one; a change that names no record is a fault. Models are read too, but cannot be changed.
Result<Catalogue> load_catalogue(const FileReader& files, const std::string& folder,
                                 const CatalogueChanges& changes = {});

/// The record of training coefficients; one that costs nothing when the catalogue has none.
const TrainingCoefficients& training_coefficients(const Catalogue& catalogue);

/// The engine's record for a version, the nearest when none holds it; for an empty or unknown one the newest range that
/// was out at a time, without a time the newest of all. Null when the catalogue has none of this engine.
const ServingEngine* find_engine(const Catalogue& catalogue, const std::string& engine, const std::string& version = {},
                                 std::optional<Quarter> at = {});

/// The rules of memory of a version, chosen as find_engine chooses; for an empty version the newest before `before`
/// (an engine record's end), of all without it. Null when the catalogue has none of this engine.
std::shared_ptr<const EngineMemory> find_engine_memory(const Catalogue& catalogue, const std::string& engine,
                                                       const std::string& version, const std::string& before = {});
/// An engine's record as it is run in a version of it: with the rules of memory of that version.
EngineCoefficients coefficients_of(const Catalogue& catalogue, const ServingEngine& record, const std::string& version);

/// A record kind's name in paths ("accelerator"), its folder ("accelerators") and its fields.
struct RecordKind {
  std::string name, folder;  ///< of a kind of record: "accelerator", "accelerators"
  const RecordText* fields;  ///< null for models, which are Hugging Face files
};
/// All kinds, in the order in which they are loaded.
const std::vector<RecordKind>& record_kinds();

/// "kind:id" split; a fault when the kind is unknown.
struct RecordName {
  std::string kind, id;  ///< of one record
};
/// Whether a record of that id exists is not asked.
Result<RecordName> parse_record_name(std::string_view text);

/// The ids of a kind, sorted.
std::vector<std::string> record_ids(const Catalogue& catalogue, const std::string& kind);

/// The route between two regions, whichever way it is written; null when the catalogue has none.
const Route* find_route(const Catalogue& catalogue, const std::string& a, const std::string& b);

}  // namespace stargate
