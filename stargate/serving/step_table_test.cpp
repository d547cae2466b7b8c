// The table against the model it stands for.
#include "stargate/serving/step_table.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "stargate/base/random.hpp"

using namespace stargate;

namespace {

const Catalogue& catalogue() {
  static const Catalogue loaded = [] {
    auto result = load_catalogue(DiskFileReader(), STARGATE_SOURCE_DIR "/catalogue");
    if (!result) FAIL(format_diagnostics(result.faults()));
    return std::move(*result);
  }();
  return loaded;
}

struct Errors {
  double worst = 0, sum = 0, bias = 0;
  int count = 0;
  void add(double got, double want) {
    const double error = got / want - 1;
    worst = std::max(worst, std::abs(error)), sum += std::abs(error), bias += error, ++count;
  }
};

struct Case {
  const char* model;
  const char* system;
  ServingLayout layout;
};

}  // namespace

TEST_CASE("a step read from the table is the model's, within a few percent over random batches") {
  const Case cases[] = {{"llama-3.1-8b", "hgx-a100-80", {1, 1, 1, 1}},
                        {"llama-3.1-70b", "hgx-h100", {4, 1, 1, 1}},
                        {"llama-3.1-70b", "hgx-h200", {2, 2, 1, 1}},
                        {"deepseek-v3", "hgx-h200", {8, 1, 1, 8}},
                        {"qwen3-235b-a22b", "gb200-nvl72", {1, 1, 8, 8}}};
  for (const Case& c : cases) {
    CAPTURE(c.model);
    auto machine = make_serving_machine(catalogue(), catalogue().systems.at(c.system));
    REQUIRE(machine.ok());
    const Model& model = catalogue().models.at(c.model);
    const auto model_steps =
        std::make_shared<const StepModel>(Replica{&model, &*machine, c.layout, stored_precision(model), {}});
    const StepModel& step = *model_steps;
    const StepTable table(model_steps);
    const int groups = c.layout.attention_dp * c.layout.pp;
    RandomStream random(5, 0, c.model);
    Errors decode, mixed;
    for (int i = 0; i < 400; ++i) {
      const int n = 1 + static_cast<int>(std::exp(5 * random.uniform()));
      const double context = std::exp(3 + 7 * random.uniform());
      const DecodeCost cost = table.decode(n * groups, context * n * groups);
      const SequenceGroup alone{static_cast<double>(n), 1, context, true, 1};
      decode.add((cost.at_zero + cost.per_token * (context * n * groups)).base(),
                 step.step_time({&alone, 1}).total().base());
      CHECK(cost.context_end >= context * n * groups);

      const double tokens = std::floor(std::exp(3 + 5.7 * random.uniform()));
      const double prompts = random.uniform() < 0.5 ? 1 : std::ceil(random.uniform() * 8);
      const double each = std::max(1.0, std::floor(tokens / prompts));
      const double before = prompts > 1 || random.uniform() < 0.5 ? 0 : std::floor(6000 * random.uniform());
      const bool decodes = random.uniform() < 0.8;
      const SequenceGroup batch[] = {{prompts, each, before + each, false, 1}, alone};
      const int filled = 1 + static_cast<int>(random.uniform() * groups);  // groups with as many prompts
      PrefillBatch asked;
      asked.decoding = decodes ? n * groups : 0, asked.decode_context = decodes ? context * n * groups : 0;
      asked.sequences = static_cast<int>(prompts), asked.tokens = static_cast<int>(prompts * each);
      asked.all_tokens = filled * asked.tokens;
      asked.pairs = prompts * each * (before + (each + 1) / 2);
      const double shared = (asked.all_tokens + asked.decoding) / ((asked.tokens + (decodes ? n : 0.0)) * groups);
      mixed.add(table.prefill(asked).base(), step.step_time(std::span(batch, decodes ? 2 : 1), shared).total().base());
    }
    MESSAGE(c.model << " decode mean " << 100 * decode.sum / decode.count << " % worst " << 100 * decode.worst
                    << " %, mixed mean " << 100 * mixed.sum / mixed.count << " % worst " << 100 * mixed.worst
                    << " % bias " << 100 * mixed.bias / mixed.count);
    CHECK(decode.sum / decode.count < 0.01);
    CHECK(mixed.sum / mixed.count < 0.03);
    CHECK(std::abs(mixed.bias / mixed.count) < 0.02);
  }
}
