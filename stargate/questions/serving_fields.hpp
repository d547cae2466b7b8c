// Fields that the questions about serving share, and what each of their answers says of where its figures come from:
// engine and range of versions, basis of the device's laws, the error to expect.
#pragma once

#include "stargate/catalogue/serving_engine.hpp"
#include "stargate/config/json_writer.hpp"
#include "stargate/engine/engine_spec.hpp"
#include "stargate/finance/accelerator_price.hpp"
#include "stargate/fleet/fleet_spec.hpp"
#include "stargate/questions/changes.hpp"
#include "stargate/questions/confidence.hpp"
#include "stargate/questions/expected_errors.hpp"
#include "stargate/questions/question.hpp"
#include "stargate/serving/replica_engine.hpp"

namespace stargate {

/// A time written with its unit, "1.5 s"; a bare number is milliseconds, as the field's tools have it.
struct Latency {
  Duration value;  ///< above 0
};
inline Duration duration_of(const Latency& latency) { return latency.value; }
inline std::optional<Duration> duration_of(const std::optional<Latency>& latency) {
  return latency ? std::optional(latency->value) : std::nullopt;
}
template <>
struct Codec<Latency> {
  static std::string type_text() { return "time, as \"300 ms\", or 300: milliseconds"; }
  static void read(Reader& reader, const Node& node, Latency& out, const Rule& rule);
};

enum class OnOff { on, off };
template <>
struct EnumNames<OnOff> {
  static constexpr std::pair<const char*, OnOff> names[] = {{"on", OnOff::on}, {"off", OnOff::off}};
};
template <>
struct EnumNames<QueueOrder> {
  static constexpr std::pair<const char*, QueueOrder> names[] = {{"fcfs", QueueOrder::fcfs},
                                                                 {"priority", QueueOrder::priority}};
};
template <>
struct EnumNames<AdmissionPolicy> {
  static constexpr std::pair<const char*, AdmissionPolicy> names[] = {
      {"guaranteed_no_evict", AdmissionPolicy::guaranteed}, {"max_utilization", AdmissionPolicy::fits_now}};
};
template <>
struct EnumNames<PreemptionMode> {
  static constexpr std::pair<const char*, PreemptionMode> names[] = {{"recompute", PreemptionMode::recompute},
                                                                     {"swap", PreemptionMode::swap}};
};

/// What is served, and in which formats; empty: as the model is stored.
struct ServedModelFields {
  std::string model;                             ///< id, or a config.json
  std::string assume;                            ///< family to read a model of unknown type as
  std::optional<Precision> precision, kv_dtype;  ///< of weights; of the cache
};
ServingPrecision chosen_precision(const ServedModelFields& fields, const Model& model);

template <class Q>
void add_precision_fields(QuestionTable<Q>& table) {
  table.optional("precision", &Q::precision, "Of the weights").otherwise("as the model is stored");
  table.optional("kv_dtype", &Q::kv_dtype, "Of the cache").otherwise("as the model is stored");
}

/// How an engine is started, where sizing chooses the rest; empty: its newest version and that one's own share.
struct EngineStartFields {
  std::string engine_version;                    ///< of the engine that is named
  std::optional<double> gpu_memory_utilization;  ///< 0 to 1; of what, the rules of its memory say
};
template <class Q>
void add_engine_start_fields(QuestionTable<Q>& table) {
  table.optional("engine_version", &Q::engine_version, "Version of the engine, which must be named")
      .otherwise("the newest the catalogue has");
  table.optional("gpu_memory_utilization", &Q::gpu_memory_utilization,
                 "Share of the memory it may use (SGLang: mem_fraction_static)",
                 {.at_least = 0.05, .above = {}, .at_most = 1.0})
      .otherwise("its version's");
}
/// A version without an engine is a fault at its field.
Check check_engine_start(const QuestionContext& context, const EngineStartFields& fields, const std::string& engine);
EngineChanges engine_start_changes(const EngineStartFields& fields);

/// A system of the catalogue, or a fault at the field that names it.
Result<const System*> find_system(const QuestionContext& context, const Catalogue& catalogue, std::string_view field,
                                  const std::string& id);

/// What an hour of an accelerator costs: as given, else rent or ownership of the system.
HourPrice chosen_price(const Catalogue& catalogue, const System& system, const std::optional<MoneyRate>& given);
template <class Q>
void add_price_field(QuestionTable<Q>& table) {
  table.optional("price", &Q::price, "Of an accelerator, such as \"2.5 $/h\"", not_negative)
      .otherwise("rent or ownership");
}

/// An engine's record in words.
struct EngineBasis {
  std::string engine;    ///< "vLLM with its V1 scheduler"
  std::string versions;  ///< "0.8 to before 0.14"; empty when the record has no bounds
  std::string error;     ///< what to expect, in words
};
EngineBasis make_engine_basis(const ServingEngine& record, const ExpectedErrors& errors);

/// Where the figures of an answer come from.
struct ServingBasis : EngineBasis {
  std::string law_origin, law_basis;  ///< worst origin; each law's, in words
  LawGround ground;
};
/// `setup` was made from a record of the catalogue; `shares` are of the answer's steps, where it has any.
ServingBasis make_serving_basis(const Catalogue& catalogue, const ExpectedErrors& errors, const EngineSetup& setup,
                                const ServingMachine& machine, const ServingPrecision& precision,
                                const LawShares& shares = {});
/// Two or three lines, each beginning with `margin`.
std::string format_serving_basis(const ServingBasis& basis, const std::string& margin = {});
/// Members of the object that is open: "engine", "engine_versions", "device_law", "law_basis", "expected_error",
/// and those of the ground.
void write_serving_basis(JsonWriter& json, const ServingBasis& basis);
/// The fields of those members.
const AnswerFields& serving_basis_fields();

}  // namespace stargate
