// `stargate serve size`: for every system the cheapest deployment that meets the latency targets of a traffic, with
// whole replicas and disaggregated, tried by simulation.
#pragma once

#include "stargate/questions/serving_fields.hpp"

namespace stargate {

enum class SizedEngine { vllm, sglang, trtllm };
template <>
struct EnumNames<SizedEngine> {
  static constexpr std::pair<const char*, SizedEngine> names[] = {
      {"vllm", SizedEngine::vllm}, {"sglang", SizedEngine::sglang}, {"trtllm", SizedEngine::trtllm}};
};
enum class SizedMode { aggregated, disaggregated, both };
template <>
struct EnumNames<SizedMode> {
  static constexpr std::pair<const char*, SizedMode> names[] = {
      {"aggregated", SizedMode::aggregated}, {"disaggregated", SizedMode::disaggregated}, {"both", SizedMode::both}};
};

struct SizeTrafficFields {
  std::optional<std::string> traffic;  ///< a trace; else random arrivals of the lengths given
  double rate = 0, cv = 1;
  std::string isl = "1024", osl = "256";
  int prefix = 0;  ///< tokens of the input that all requests share
  std::int64_t requests = 2000;
  std::int64_t seed = 1;
};

struct SizeQuestion : ServedModelFields, SizeTrafficFields, ChangeFields {
  std::vector<std::string> system;
  int gpus = 0;
  std::optional<Latency> ttft_p99, tpot_p99, ttft, tpot;  ///< the last two of the mean
  double headroom = 0;
  SizedMode mode = SizedMode::both;
  SizedEngine engine = SizedEngine::vllm;
  std::optional<MoneyRate> price;
  bool pareto = false;
  static const QuestionTable<SizeQuestion>& table();
};

Result<Answer> answer_serve_size(const SizeQuestion& question, const QuestionContext& context);
Question serve_size_question();

}  // namespace stargate
