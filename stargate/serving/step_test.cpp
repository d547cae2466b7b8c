// One engine step: never faster than its parts, and explained by them.
#include "stargate/serving/step.hpp"

#include <doctest/doctest.h>

#include "stargate/serving/test_models.hpp"

using namespace stargate;
using namespace stargate::serving_tests;

namespace {

const ServingPrecision kBf16 = serving_precision(Precision::bf16, Precision::bf16);

ServingStep decode(const Model& model, const ServingMachine& machine, const ServingLayout& layout, double sequences,
                   double context = 1024) {
  return StepModel({&model, &machine, layout, kBf16, {}}).decode_time(sequences, context);
}

}  // namespace

TEST_CASE("decoding one sequence of Llama 70B on eight H100 takes at least its weights over eight memories") {
  // 70.6e9 - 1.05e9 (input table) parameters * 2 B / (8 * 3.35 TB/s) = 5.2 ms; measured engines: 8 to 12 ms
  const ServingStep step = decode(llama_70b(), dgx_h100(), {8, 1, 1, 1}, 1);
  const Duration wires = 2 * 69.5e9 * byte / (8 * 3.35 * terabyte / second);
  CHECK(step[ServingStepPart::weights] > wires);
  CHECK(step[ServingStepPart::weights] < 1.2 * wires);
  CHECK(step[ServingStepPart::all_reduce] > 160 * (6 * microsecond));  // two a layer
  CHECK(step.total() > 8 * millisecond);
  CHECK(step.total() < 12 * millisecond);
}

TEST_CASE("norms over all heads are summed over ranks, in a third sum a layer") {
  Model wide = llama_70b();
  wide.shapes[0].attention.wide_qk_norm = true;
  const auto sums = [](const Model& m, int tp) {
    return decode(m, dgx_h100(), {tp, 1, 1, 1}, 1)[ServingStepPart::all_reduce];
  };
  CHECK(sums(wide, 8) > 1.2 * sums(llama_70b(), 8));
  CHECK(sums(wide, 8) < 1.5 * sums(llama_70b(), 8));
  CHECK(sums(wide, 1) == sums(llama_70b(), 1));
}

TEST_CASE("a step's parts are its time, and the explanation names them in order") {
  const ServingStep step = decode(llama_8b(), dgx_h100(), {1, 1, 1, 1}, 64);
  Duration sum;
  for (const Duration part : step.parts) {
    CHECK(part >= Duration{});
    sum += part;
  }
  CHECK(sum == step.total());
  ServingStep simple;
  simple[ServingStepPart::weights] = 71 * millisecond, simple[ServingStepPart::kv_cache] = 18 * millisecond;
  simple[ServingStepPart::all_reduce] = 11 * millisecond;
  CHECK(explain(simple) == "71 % weights, 18 % KV cache, 11 % all-reduce");
}

TEST_CASE("a decode step is never shorter with more sequences or longer contexts") {
  const ServingMachine machine = dgx_h100();
  for (const Model& model : {llama_8b(), llama_70b(), mixtral_8x7b()}) {
    for (const ServingLayout& layout : {ServingLayout{1, 1, 1, 1}, {8, 1, 1, 1}, {2, 4, 1, 1}}) {
      Duration before;
      for (double sequences = 1; sequences <= 1024; sequences += sequences < 300 ? 1 : 33) {
        const Duration now = decode(model, machine, layout, sequences).total();
        CHECK_MESSAGE(now >= before, sequences);
        before = now;
      }
      CHECK(decode(model, machine, layout, 64, 4096).total() > decode(model, machine, layout, 64, 1024).total());
    }
  }
}

TEST_CASE("a step is never longer with more bandwidth of memory or links") {
  Accelerator slow = h100(), fast = h100();
  fast.memory_bandwidth = 2 * slow.memory_bandwidth;
  const ServingMachine base = machine_of(slow), memory = machine_of(fast);
  ServingMachine links = base;
  links.fabric.up.bandwidth *= 4, links.fabric.out.bandwidth *= 4;
  for (const Model& model : {llama_70b(), mixtral_8x7b()}) {
    for (const double sequences : {1.0, 32.0, 512.0}) {
      for (const ServingLayout& layout : {ServingLayout{8, 1, 1, 1}, {4, 2, 1, 1}}) {
        const Duration time = decode(model, base, layout, sequences).total();
        CHECK(decode(model, memory, layout, sequences).total() < time);
        CHECK(decode(model, links, layout, sequences).total() <= time);
      }
    }
  }
}

TEST_CASE("a prompt in one piece takes less time than in chunks, and chunks do the same attention") {
  const Model model = llama_8b();
  const ServingMachine machine = dgx_h100();
  const StepModel step({&model, &machine, {}, kBf16, {}});
  const SequenceGroup whole{1, 4096, 4096, false, 1};
  ServingStep chunked;
  for (double done = 0; done < 4096; done += 512) {
    const SequenceGroup chunk{1, 512, done + 512, false, done + 512 == 4096 ? 1.0 : 0.0};
    chunked += step.step_time({&chunk, 1});
  }
  CHECK(step.step_time({&whole, 1}).total() < chunked.total());
  CHECK(step.step_time({&whole, 1}).total() > 0.5 * chunked.total());
}

TEST_CASE("all experts are read at a large batch and few at a small one") {
  const Model model = mixtral_8x7b();
  const ServingMachine machine = dgx_h100();
  const Duration one = decode(model, machine, {8, 1, 1, 1}, 1)[ServingStepPart::weights];
  const Duration many = decode(model, machine, {8, 1, 1, 1}, 64)[ServingStepPart::weights];
  CHECK(many > 2.5 * one);  // 8 experts against 2, and the attention
  CHECK(many < 4 * one);
}

TEST_CASE("attention groups of their own exchange tokens instead of adding up, and the ranks' experts see them all") {
  const Model model = mixtral_8x7b();
  const ServingMachine machine = dgx_h100();
  const ServingStep step = decode(model, machine, {1, 1, 8, 8}, 256);
  CHECK(step[ServingStepPart::all_reduce] == Duration{});
  CHECK(step[ServingStepPart::expert_exchange] > 64 * (6 * microsecond));
  CHECK(decode(model, machine, {8, 1, 1, 8}, 256)[ServingStepPart::expert_exchange] == Duration{});
}

TEST_CASE("recurrent layers read and write their states whatever the context") {
  Model model = llama_8b();
  auto& a = model.shapes[0].attention;
  a.kind = AttentionKind::state_space, a.heads = 128, a.head_dim = 64, a.state_dim = 128, a.groups = 8;
  const ServingMachine machine = dgx_h100();
  const ServingStep step = decode(model, machine, {}, 64, 1000);
  CHECK(step.total() == decode(model, machine, {}, 64, 100000).total());
  CHECK(step[ServingStepPart::kv_cache] > 32 * 64 * 2 * (128.0 * 64 * 128 * 2 * byte) / (3.35 * terabyte / second));
}
