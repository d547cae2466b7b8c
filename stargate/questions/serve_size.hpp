// `stargate serve size`: for every system the cheapest deployment that meets the latency targets of a traffic, with
// whole replicas and disaggregated, tried by simulation.
#pragma once

#include "stargate/questions/serving_fields.hpp"

namespace stargate {

enum class SizedEngine { vllm, sglang, trtllm, best };
template <>
struct EnumNames<SizedEngine> {
  static constexpr std::pair<const char*, SizedEngine> names[] = {{"vllm", SizedEngine::vllm},
                                                                  {"sglang", SizedEngine::sglang},
                                                                  {"trtllm", SizedEngine::trtllm},
                                                                  {"best", SizedEngine::best}};
};
std::string sized_engine_name(SizedEngine engine);
enum class SizedMode { aggregated, disaggregated, both, best };
template <>
struct EnumNames<SizedMode> {
  static constexpr std::pair<const char*, SizedMode> names[] = {{"aggregated", SizedMode::aggregated},
                                                                {"disaggregated", SizedMode::disaggregated},
                                                                {"both", SizedMode::both},
                                                                {"best", SizedMode::best}};
};

struct SizeTrafficFields {
  std::optional<std::string> traffic;     ///< a trace; else random arrivals of the lengths given
  double rate = 0, cv = 1;                ///< requests a second; variation of the gaps
  std::string isl = "1024", osl = "256";  ///< lengths as length.hpp reads them
  int prefix = 0;                         ///< tokens of the input that all requests share
  std::int64_t requests = 20'000;         ///< of the longest trial
  std::int64_t seed = 1;                  ///< of lengths and gaps
};

/// `rate` in requests a second, or all that `gpus` accelerators, `power` or `budget` serve: one of them, or a study
/// that says it.
struct SizeQuestion : SizeTrafficFields, EngineStartFields, ConfidenceField, ChangeFields {
  std::string model;                  ///< id, or a config.json
  std::string assume;                 ///< family to read a model of unknown type as
  std::vector<Precision> precision;   ///< the best of them; empty: as the model is stored
  std::optional<Precision> kv_dtype;  ///< empty: as the model asks
  std::optional<std::string> study;   ///< a service's study, whose traffic, targets and engine are meant
  std::vector<std::string> system;    ///< ids; several are compared
  int gpus = 0;                       ///< above 0: as much as these serve
  std::optional<Power> power;         ///< as much as this draws at the systems' plugs, all at their most
  std::optional<MoneyRate> budget;    ///< as much as this pays for
  std::optional<Latency> ttft_p99, tpot_p99, ttft, tpot;  ///< the last two of the mean
  double share = 0.99;                                    ///< of the requests that ttft_p99 and tpot_p99 hold for
  double headroom = 0;                                    ///< share of the rate planned on top
  SizedMode mode = SizedMode::both;                       ///< whole replicas, prefill and decode apart, or both
  SizedEngine engine = SizedEngine::best;                 ///< whose rules and kernels
  std::optional<MoneyRate> price;                         ///< of an accelerator hour
  bool pareto = false;                                    ///< also the front of speed against throughput
  std::optional<double> most_per_mtok;                    ///< dollars a million output tokens, on that front
  double peak_to_mean = 1;             ///< of the day whose peak the rate is, 1 to 2
  std::optional<double> api_per_mtok;  ///< dollars a million output tokens of an API that takes what comes on top
  static const QuestionTable<SizeQuestion>& table();
};

Result<Answer> answer_serve_size(const SizeQuestion& question, const QuestionContext& context);
Question serve_size_question();

}  // namespace stargate
