// Runs replayed: what a wrong file is told, and the one real run there is.
#include "stargate/measured/request_replay.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "tests/measured_data.hpp"

using namespace stargate;

namespace {

struct OneFile final : FileReader {
  std::string text;
  Result<std::string> read(const std::string&) const override { return text; }
  std::vector<std::string> list(const std::string&, const std::string&) const override { return {}; }
};

constexpr const char* kHeader =
    "run,model,accelerator,engine,engine_version,tp,dp,ep,weights_dtype,max_num_seqs,max_num_batched_tokens,"
    "kv_cache_tokens,prefix_caching,request,isl,osl,arrival_s,first_token_s,last_token_s\n";

const Catalogue& catalogue() {
  static const Catalogue loaded = [] {
    auto result = load_catalogue(DiskFileReader(), STARGATE_SOURCE_DIR "/catalogue");
    if (!result) FAIL(format_diagnostics(result.faults()));
    return std::move(*result);
  }();
  return loaded;
}

}  // namespace

TEST_CASE("every fault of a file of runs is told with its line and column") {
  OneFile file;
  file.text = "run,model\nr,m\n";
  const auto missing = load_measured_requests(file, "runs.csv");
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.faults().size() == 16);
  file.text = std::string(kHeader) +
              "r,llama-3.1-8b,H100,vLLM,0.9,1,1,no,bfloat16,,,,,0,100,10,0.0,0.1,0.2\n"
              "r,llama-3.1-8b,H100,vLLM,0.9,1,1,no,bfloat16,,,,,1,ten,10,0.0,0.1,0.2\n"
              "r,llama-3.1-8b,H100,vLLM,0.9,1,1,no,bfloat16,,,,,2,100,10,5.0,0.1,0.2\n";
  const auto wrong = load_measured_requests(file, "runs.csv");
  REQUIRE_FALSE(wrong.ok());
  REQUIRE(wrong.faults().size() >= 2);
  CHECK(wrong.faults()[0].line == 3);
  CHECK(wrong.faults()[0].path == "isl");
  CHECK(wrong.faults()[0].message == "'ten' is no number from 1 to 100000000");
  CHECK(wrong.faults()[1].line == 4);
  CHECK(wrong.faults()[1].path == "first_token_s");
}

TEST_CASE("runs are told apart, replayed on what they state, or passed over with a reason") {
  OneFile file;
  file.text = kHeader;
  for (int i = 0; i < 20; ++i) {
    file.text +=
        fmt::format("known,meta-llama/Llama-3.1-8B,H100 SXM,vLLM,0.9.0,1,1,no,bfloat16,64,2048,,,{},500,50,{},{},{}\n",
                    i, i, i + 0.05, i + 0.55);
    file.text += fmt::format("unknown,no-such-model,H100 SXM,vLLM,0.9.0,1,1,no,bfloat16,64,2048,,,{},500,50,{},{},{}\n",
                             i, i, i + 0.05, i + 0.55);
  }
  const auto runs = load_measured_requests(file, "runs.csv");
  REQUIRE(runs.ok());
  REQUIRE(runs->size() == 2);
  const ReplayedRun known = replay_run(catalogue(), (*runs)[0]);
  CHECK(known.skipped.empty());
  CHECK(known.predicted == 20);
  REQUIRE(known.statistics.size() == 15);
  CHECK(known.statistics[0].measured_ms == doctest::Approx(50));
  CHECK(known.statistics[5].measured_ms == doctest::Approx(500.0 / 49));
  CHECK(known.statistics[5].predicted_ms > 4);
  CHECK(known.statistics[5].predicted_ms < 15);
  CHECK(replay_run(catalogue(), (*runs)[1]).skipped == "the catalogue has no model 'no-such-model'");
}

TEST_SUITE_BEGIN("measured data");

TEST_CASE("vLLM on an RTX PRO 6000, 300 requests at twice what it serves: tokens to 12 %, whole requests to 15 %") {
  const auto file = measured_data("serving/requests.csv");
  if (!file) return;
  const auto runs = load_measured_requests(DiskFileReader(), *file);
  REQUIRE(runs.ok());
  for (const auto& run : *runs) {
    const ReplayedRun replayed = replay_run(catalogue(), run);
    CHECK(replayed.predicted == run.requests.size());
    for (const auto& s : replayed.statistics) {
      CAPTURE(s.metric);
      CAPTURE(s.statistic);
      CHECK(std::abs(s.error_pct()) < (s.metric == "tpot" ? 12 : s.metric == "e2e" ? 15 : 25));
    }
  }
}

TEST_SUITE_END();
