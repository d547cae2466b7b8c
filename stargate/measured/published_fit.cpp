// Each row is put together as `serve simulate` would: the engine's record and rules of its version, the machine, the
// replica.
#include "stargate/measured/published_fit.hpp"

#include <algorithm>
#include <sstream>

#include "stargate/base/text_table.hpp"
#include "stargate/catalogue/model_config.hpp"
#include "stargate/measured/measured_table.hpp"
#include "stargate/measured/validation_json.hpp"
#include "stargate/serving/replica_engine.hpp"

namespace stargate {
namespace {

using P = PublishedFit;

constexpr const char* kTokens = "cache_tokens";
constexpr const char* kWeights = "weights_gib";
constexpr const char* kStarts = "starts";

constexpr MeasuredField<P> kFields[] = {{"case", &P::name, true},
                                        {"model", &P::model, true},
                                        {"system", &P::system, true},
                                        {"engine", &P::engine, true, " vllm sglang trtllm "},
                                        {"engine_version", &P::version},
                                        {"tp", &P::tp},
                                        {"pp", &P::pp},
                                        {"attention_dp", &P::attention_dp},
                                        {"ep", &P::ep},
                                        {"precision", &P::precision},
                                        {"kv_dtype", &P::kv_dtype},
                                        {"gpu_memory_utilization", &P::share, false, nullptr, 1},
                                        {"max_model_len", &P::max_model_len},
                                        {"max_num_seqs", &P::max_num_seqs},
                                        {"max_num_batched_tokens", &P::max_num_batched_tokens},
                                        {"figure", &P::figure, true, " cache_tokens weights_gib starts "},
                                        {"published", &P::published, true},
                                        {"source", &P::source, true},
                                        {"note", &P::note}};

std::optional<Precision> precision_named(const std::string& name) {
  for (const auto& [known, precision] : EnumNames<Precision>::names) {
    if (name == known) return precision;
  }
  return std::nullopt;
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash + 1);
}

const Model& model_of(const Catalogue& catalogue, const P& row) {
  return row.own != nullptr ? *row.own : catalogue.models.at(row.model);
}

ServingLayout layout_of(const P& row) {
  return {std::max(1, row.tp), std::max(1, row.pp), std::max(1, row.attention_dp), std::max(1, row.ep)};
}

/// Numbers of 0 are the engine's own.
template <class T>
std::optional<T> unless_zero(T value) {
  return value > 0 ? std::optional(value) : std::nullopt;
}

ServingPrecision precision_of(const P& row, const Model& model) {
  ServingPrecision out = stored_precision(model);
  if (const auto weights = precision_named(row.precision)) out.linear = out.expert = *weights;
  out.kv = precision_named(row.kv_dtype).value_or(out.kv);
  return out;
}

template <class Fault>
void check_row(const Catalogue& catalogue, const P& row, const Fault& fault) {
  if (!catalogue.systems.contains(row.system)) fault("system", row.system, "a system of the catalogue");
  if (find_engine(catalogue, row.engine) == nullptr) fault("engine", row.engine, "an engine of the catalogue");
  for (const auto& [column, name] : {std::pair("precision", row.precision), std::pair("kv_dtype", row.kv_dtype)}) {
    if (!name.empty() && !precision_named(name)) fault(column, name, "a format of numbers");
  }
  if (row.figure == kStarts ? row.published > 1 : !(row.published > 0)) {
    fault("published", fmt::format("{:g}", row.published), row.figure == kStarts ? "0 or 1" : "above 0");
  }
  std::istringstream ids(row.source);
  for (std::string id; ids >> id;) {
    if (!catalogue.sources.contains(id)) fault("source", id, "an id of sources.yaml");
  }
  if (row.model.ends_with(".json") ? row.own == nullptr : !catalogue.models.contains(row.model)) {
    fault("model", row.model, "a model of the catalogue, or a config.json beside the table");
    return;
  }
  for (const auto& broken : layout_faults(model_of(catalogue, row), layout_of(row))) {
    fault("tp", format_layout(layout_of(row)), "a layout of the model: " + broken);
  }
}

/// What the engine makes of the row.
PredictedFit predict(const Catalogue& catalogue, const P& row) {
  const Model& model = model_of(catalogue, row);
  const System& system = catalogue.systems.at(row.system);
  EngineChanges changes;
  changes.gpu_memory_utilization = unless_zero(row.share);
  changes.max_model_len = unless_zero(row.max_model_len);
  changes.max_num_seqs = unless_zero(row.max_num_seqs);
  changes.max_num_batched_tokens = unless_zero(row.max_num_batched_tokens);
  const auto setup =
      set_up_engine(catalogue, row.engine, row.version, changes, &catalogue.accelerators.at(system.accelerator));
  PredictedFit out{&row, 0, {}, {}};
  if (!setup) return out;
  out.rules = setup->memory != nullptr ? setup->memory->id : "";
  const auto machine = make_serving_machine(catalogue, system, kernel_choice(model, setup->kernels));
  if (!machine) return out;
  const auto made = make_replica_engine(model, *machine, layout_of(row), precision_of(row, model), *setup);
  if (!made) return out;
  const auto* fits = std::get_if<ReplicaEngine>(&*made);
  const auto* lack = std::get_if<DoesNotFit>(&*made);
  const ReplicaMemory& memory = fits != nullptr ? fits->memory : lack->memory;
  const auto gib = [](Bytes bytes) { return bytes.in(gibibyte); };
  out.words = fmt::format("weights {:.2f}, step {:.2f}, runtime {:.2f}, cache {:.2f} GiB", gib(memory.weights),
                          gib(memory.activations), gib(memory.runtime), gib(memory.kv_room));
  if (row.figure == kWeights) out.predicted = gib(memory.weights);
  if (row.figure == kStarts) out.predicted = fits != nullptr ? 1 : 0;
  if (row.figure == kTokens && fits != nullptr) out.predicted = fits->cache.tokens;
  if (lack != nullptr) out.words += fmt::format("; {:.2f} GiB are missing", gib(lack->missing));
  return out;
}

bool is_wrong(const PredictedFit& p) { return p.row->figure == kStarts && p.predicted != p.row->published; }

std::string figure_text(const P& row, double value) {
  if (row.figure == kStarts) return value > 0 ? "yes" : "no";
  return value < 1e4 ? fmt::format("{:.4g}", value) : fmt::format("{:.0f}", value);
}

std::string error_text(const PredictedFit& p) {
  if (p.row->figure == kStarts) return is_wrong(p) ? "WRONG" : "right";
  return fmt::format("{:+.1f} %", 100 * p.error());
}

/// That gives the same answer.
std::string command_of(const P& row) {
  std::string out = fmt::format("stargate serve simulate --model {} --system {} --engine {}", row.model, row.system,
                                row.engine);
  const auto add = [&](const char* flag, double value) {
    if (value > 0) out += fmt::format(" --{} {:g}", flag, value);
  };
  if (!row.version.empty()) out += " --engine-version " + row.version;
  add("tp", row.tp), add("pp", row.pp), add("attention-dp", row.attention_dp), add("ep", row.ep);
  if (!row.precision.empty()) out += " --precision " + row.precision;
  if (!row.kv_dtype.empty()) out += " --kv-dtype " + row.kv_dtype;
  add("gpu-memory-utilization", row.share), add("max-num-seqs", row.max_num_seqs);
  if (row.max_model_len > 0) out += fmt::format(" --max-model-len {}", row.max_model_len);
  if (row.max_num_batched_tokens > 0) out += fmt::format(" --max-num-batched-tokens {}", row.max_num_batched_tokens);
  return out + " --rate 1";
}

}  // namespace

Result<std::vector<PublishedFit>> load_published_fits(const FileReader& files, const std::string& path,
                                                      const Catalogue& catalogue) {
  const auto text = files.read(path);
  if (!text) return text.faults();
  const auto table = parse_csv(path, *text);
  if (!table) return table.faults();
  Diagnostics of_models;
  auto rows = read_measured_table<P>(*table, kFields, [&](P& row, const auto& fault) {
    if (row.model.ends_with(".json")) {
      const std::string file = folder_of(path) + row.model;
      const auto config = files.read(file);
      auto model = config ? parse_model_config(file, *config) : Result<Model>(config.faults());
      if (model) {
        model->id = row.model;
        row.own = std::make_shared<const Model>(std::move(*model));
      } else {
        of_models.insert(of_models.end(), model.faults().begin(), model.faults().end());
      }
    }
    check_row(catalogue, row, fault);
  });
  if (rows || of_models.empty()) return rows;
  Diagnostics all = rows.faults();
  all.insert(all.end(), of_models.begin(), of_models.end());
  return all;
}

FitValidation validate_fits(const Catalogue& catalogue, const std::vector<PublishedFit>& rows, std::size_t worst) {
  FitValidation out;
  ValidationTally tally(worst);
  for (const auto& row : rows) {
    PredictedFit predicted = predict(catalogue, row);
    // An answer of yes or no has no relative error: 1 and 2 stand for them, so that a wrong one is half or twice.
    const double shift = row.figure == kStarts ? 1 : 0;
    const double published = row.published + shift, ours = predicted.predicted + shift;
    tally.add({row.source, row.system, row.engine, {}, row.figure, {}}, {}, published, ours);
    if (tally.is_among_worst(published, ours)) {
      tally.note_worst({row.source, fmt::format("{}: {} of {}", row.name, row.figure, row.model), row.published,
                        predicted.predicted});
    }
    out.rows.push_back(std::move(predicted));
  }
  out.report = tally.report();
  return out;
}

std::string format_fit_validation_text(const FitValidation& validation) {
  TextTable table({{"case", Align::left},
                   {"model", Align::left},
                   {"system", Align::left},
                   {"layout", Align::left},
                   {"rules", Align::left},
                   {"figure", Align::left},
                   {"published"},
                   {"ours"},
                   {"error"},
                   {"on an accelerator", Align::left}});
  int asked = 0, wrong = 0;
  for (const auto& p : validation.rows) {
    const P& row = *p.row;
    asked += row.figure == kStarts, wrong += is_wrong(p);
    table.add_row({row.name, row.model, row.system, format_layout(layout_of(row)), p.rules, row.figure,
                   figure_text(row, row.published), figure_text(row, p.predicted), error_text(p), p.words});
  }
  return "What was published, and what `stargate serve simulate` says.\n" + table.format() +
         fmt::format("\nstarts or not: {} of {} right\n\n", asked - wrong, asked) +
         format_overall_text(validation.report, "");
}

void write_fit_validation(JsonWriter& json, const FitValidation& validation) {
  write_validation(json, validation.report);
  json.key("fits").begin_array();
  for (const auto& p : validation.rows) {
    const P& row = *p.row;
    json.begin_object().member("case", row.name).member("model", row.model).member("system", row.system);
    json.member("layout", format_layout(layout_of(row))).member("engine", row.engine).member("rules", p.rules);
    json.member("figure", row.figure).member("published", row.published).member("predicted", p.predicted);
    json.member("error_pct", 100 * p.error()).member("words", p.words).end_object();
  }
  json.end_array();
}

std::string format_fit_validation_csv(const FitValidation& validation) {
  TextTable table({{"case"}, {"model"}, {"system"}, {"engine"}, {"engine_version"}, {"rules"}, {"figure"},
                   {"published"}, {"predicted"}, {"error_pct"}, {"source"}, {"note"}, {"words"}, {"command"}});
  for (const auto& p : validation.rows) {
    const P& row = *p.row;
    table.add_row({row.name, row.model, row.system, row.engine, row.version, p.rules, row.figure,
                   fmt::format("{:.6g}", row.published), fmt::format("{:.6g}", p.predicted),
                   fmt::format("{:.2f}", 100 * p.error()), row.source, row.note, p.words, command_of(row)});
  }
  return table.format_csv();
}

}  // namespace stargate
