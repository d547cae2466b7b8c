// Reading and wording; the figures are the catalogue's.
#include "stargate/questions/serving_fields.hpp"

#include <fmt/format.h>

#include <array>

namespace stargate {

void Codec<Latency>::read(Reader& reader, const Node& node, Latency& out, const Rule& rule) {
  Node with_unit = node;
  const bool bare =
      node.is_scalar() && !node.text.empty() && node.text.find_first_not_of("0123456789.") == std::string::npos;
  if (bare) with_unit.text += " ms";
  double seconds = out.value.base();
  read_quantity(reader, with_unit, Dim{.second = 1}, seconds, rule);
  out.value = Duration::from_base(seconds);
}

ServingPrecision chosen_precision(const ServedModelFields& fields, const Model& model) {
  ServingPrecision precision = stored_precision(model);
  if (fields.precision) precision.linear = precision.expert = *fields.precision;
  if (fields.kv_dtype) precision.kv = *fields.kv_dtype;
  return precision;
}

Check check_engine_start(const QuestionContext& context, const EngineStartFields& fields, const std::string& engine) {
  if (fields.engine_version.empty() || engine != "best") return Done{};
  return context.fault("engine_version", "stands without an engine, whose version it is", "name the engine");
}

EngineChanges engine_start_changes(const EngineStartFields& fields) {
  EngineChanges changes;
  changes.gpu_memory_utilization = fields.gpu_memory_utilization;
  return changes;
}

Result<const System*> find_system(const QuestionContext& context, const Catalogue& catalogue, std::string_view field,
                                  const std::string& id) {
  const auto system = catalogue.systems.find(id);
  if (system != catalogue.systems.end()) return &system->second;
  return context.fault(field, "there is no system '" + id + "'", suggest_name(id, record_ids(catalogue, "system")));
}

HourPrice chosen_price(const Catalogue& catalogue, const System& system, const std::optional<MoneyRate>& given) {
  if (given) return {*given, *given, *given, "as given"};
  return accelerator_hour_price(catalogue, system);
}

namespace {

/// By name, since a setup does not keep the record's id.
const ServingEngine* record_of(const Catalogue& catalogue, const EngineSetup& setup) {
  for (const auto& [id, record] : catalogue.engines) {
    if (record.name == setup.name) return &record;
  }
  return nullptr;
}

std::string version_range(const ServingEngine& record) {
  if (record.since.empty()) return record.before.empty() ? "" : "before " + record.before;
  return record.before.empty() ? record.since + " and later" : record.since + " to before " + record.before;
}

}  // namespace

EngineBasis make_engine_basis(const ServingEngine& record, const ExpectedErrors& errors) {
  return {record.name, version_range(record), format_serving_errors(errors, record.id)};
}

ServingBasis make_serving_basis(const Catalogue& catalogue, const ExpectedErrors& errors, const EngineSetup& setup,
                                const ServingMachine& machine, const ServingPrecision& precision,
                                const LawShares& shares) {
  const std::array used{precision.linear, precision.expert};
  const LawOrigin origin = machine.law.origin(used);
  std::string engine = setup.name;
  if (const SpeculationSpec& drafts = setup.rules.speculation; drafts.draft_tokens > 0) {
    engine += fmt::format(", drafting {} token{} a step of which {:.0f} % are accepted", drafts.draft_tokens,
                          drafts.draft_tokens > 1 ? "s" : "", 100 * drafts.acceptance_rate);
  }
  ServingBasis basis{{engine, {}, {}}, law_origin_name(origin), format_law_basis(machine.law, used),
                     {shares, machine.law.confidence()}};
  if (const auto* record = record_of(catalogue, setup)) {
    static_cast<EngineBasis&>(basis) = make_engine_basis(*record, errors);
    basis.engine = engine;
    if (origin != LawOrigin::fitted)
      basis.error += "; more here, as not all laws of this device are fitted to its kernels";
  }
  return basis;
}

std::string format_serving_basis(const ServingBasis& basis, const std::string& margin) {
  const std::string versions = basis.versions.empty() ? "" : ", versions " + basis.versions;
  std::string out = fmt::format("{}Engine: {}{}. Device law: {}.\n", margin, basis.engine, versions, basis.law_basis);
  if (basis.ground.known()) {
    out += fmt::format("{}Its steps' time {}\n", margin, format_law_ground(basis.ground, "the engine's overheads"));
  }
  if (!basis.error.empty()) out += fmt::format("{}Error to expect: {}.\n", margin, basis.error);
  return out;
}

void write_serving_basis(JsonWriter& json, const ServingBasis& basis) {
  json.member("engine", basis.engine).member("engine_versions", basis.versions);
  json.member("device_law", basis.law_origin).member("law_basis", basis.law_basis);
  json.member("expected_error", basis.error);
  write_law_ground(json, basis.ground);
}

const AnswerFields& serving_basis_fields() {
  static const AnswerFields fields = [] {
    AnswerFields out{
      {"engine", "text", "Its rules and overheads, as a record of the catalogue"},
      {"engine_versions", "text", "Versions they hold for"},
      {"device_law", "text", "Worst basis of the laws that are used: fitted, carried over or specification"},
      {"law_basis", "text", "The same law by law, with the error on rows held out of the fit"},
      {"expected_error", "text", "How far measured runs of the engine are from its predictions"}};
    add_answer_fields(out, "", law_ground_fields());
    return out;
  }();
  return fields;
}

}  // namespace stargate
