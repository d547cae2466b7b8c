// Published cases of what fits (the catalogue's published_fits.csv): tokens of an engine's cache, bytes of weights, and
// whether a model starts at all, against the functions that `serve simulate` uses.
#pragma once

#include <memory>

#include "stargate/catalogue/catalogue.hpp"
#include "stargate/config/json_writer.hpp"
#include "stargate/measured/validation_report.hpp"

namespace stargate {

/// One line of the table. Sizes of 0 and empty cells: the engine's own.
struct PublishedFit {
  int line = 0;
  std::string name;                     ///< of the case
  std::string model, system;            ///< id or the path of a config.json beside the table; id
  std::string engine, version;          ///< ids
  int tp = 0, pp = 0, attention_dp = 0, ep = 0;
  std::string precision, kv_dtype;      ///< of weights and cache; empty: as the model is stored
  double share = 0;                     ///< gpu_memory_utilization
  int max_model_len = 0, max_num_seqs = 0, max_num_batched_tokens = 0;
  /// cache_tokens: of one attention group, as the engine reports it; weights_gib: of one accelerator; starts: 1 or 0.
  std::string figure;
  double published = 0;
  std::string source;  ///< ids of sources, with blanks between
  std::string note;
  std::shared_ptr<const Model> own;  ///< of a config.json beside the table; null: of the catalogue
};

/// In the unit of the figure.
struct PredictedFit {
  const PublishedFit* row;
  double predicted = 0;
  std::string rules, words;  ///< the rules of memory; what they say in words
  double error() const { return row->published > 0 ? predicted / row->published - 1 : predicted; }
};

struct FitValidation {
  ValidationReport report;
  std::vector<PredictedFit> rows;  ///< their rows are those given, which must outlive them
};

/// Faults: a figure, model, system, engine, format or source that there is not, a layout the model cannot be split by.
Result<std::vector<PublishedFit>> load_published_fits(const FileReader& files, const std::string& path,
                                                      const Catalogue& catalogue);
/// `worst`: how many of the rows most off are listed.
FitValidation validate_fits(const Catalogue& catalogue, const std::vector<PublishedFit>& rows, std::size_t worst);

std::string format_fit_validation_text(const FitValidation& validation);
void write_fit_validation(JsonWriter& json, const FitValidation& validation);
std::string format_fit_validation_csv(const FitValidation& validation);

}  // namespace stargate
