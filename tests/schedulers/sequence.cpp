// Reads the statements, runs the engine once, walking every step, and compares line by line.
#include "sequence.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <sstream>

namespace stargate::scheduler_tests {
namespace {

using Words = std::vector<std::string>;

/// What was sent, with the hashes its request points to.
struct Sent {
  std::string name;
  Request request;
  std::vector<std::uint64_t> hashes;
};

struct Expected {
  int line = 0;
  std::string step;  ///< "end" when nothing may follow
};

std::optional<int> number_of(const std::string& text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  return std::stoi(text);
}

bool set_field(EngineSpec& spec, const std::string& name, const std::string& value) {
  const std::map<std::string, int*> numbers = {{"max_num_seqs", &spec.max_num_seqs},
                                               {"max_num_batched_tokens", &spec.max_num_batched_tokens},
                                               {"long_prefill_token_threshold", &spec.long_prefill_token_threshold},
                                               {"block_size", &spec.kv.block_size},
                                               {"draft_tokens", &spec.speculation.draft_tokens},
                                               {"data_parallel", &spec.data_parallel},
                                               {"pipeline", &spec.pipeline}};
  const std::map<std::string, bool*> flags = {{"chunked_prefill", &spec.chunked_prefill},
                                              {"mixed_chunks", &spec.mixed_chunks},
                                              {"prefix_caching", &spec.kv.prefix_caching},
                                              {"prefill_only", &spec.prefill_only}};
  const auto number = number_of(value);
  if (const auto at = numbers.find(name); at != numbers.end() && number) return *at->second = *number, true;
  if (const auto at = flags.find(name); at != flags.end()) return *at->second = value == "on", true;
  if (name == "attention_dp_wait" && number) return spec.attention_dp_wait = *number, true;
  if (name == "blocks" && number) return spec.kv.blocks = *number, true;
  if (name == "order") return spec.order = value == "priority" ? QueueOrder::priority : QueueOrder::fcfs, true;
  if (name == "preemption" && value == "swap") return spec.preemption = PreemptionMode::swap, true;
  if (name == "acceptance_rate" && number) return spec.speculation.acceptance_rate = *number / 100.0, true;
  if (name == "admission") {
    spec.admission = value == "guaranteed" ? AdmissionPolicy::guaranteed
                     : value == "expected" ? AdmissionPolicy::expected_outputs
                                           : AdmissionPolicy::fits_now;
    return true;
  }
  return false;
}

class Sequence {
 public:
  std::vector<SequenceFault> run(const std::string& text) {
    std::istringstream lines(text);
    std::string line;
    spec_.kv.blocks = 1000;
    for (line_ = 1; std::getline(lines, line); ++line_) read(line);
    if (faults_.empty()) simulate();
    return faults_;
  }

 private:
  struct Listener final : EngineListener {
    Sequence* owner = nullptr;
    void finished(const RequestRecord&) override {}
    bool wants_batches() const override { return true; }
    void batch(const StepBatch& batch) override { owner->steps_.push_back(owner->describe(batch)); }
  };

  void fail(const std::string& message) { faults_.push_back({line_, message}); }

  void read(const std::string& line) {
    std::istringstream in(line.substr(0, line.find('#')));
    Words words;
    for (std::string word; in >> word;) words.push_back(word);
    if (words.empty()) return;
    const std::string what = words.front();
    words.erase(words.begin());
    if (what == "engine") return read_engine(words);
    if (what == "send") return read_send(words);
    if (what == "step") return read_step(words);
    if (what == "end") return expected_.push_back({line_, "end"});
    fail("'" + what + "' is no statement");
  }

  void read_engine(const Words& words) {
    const std::string kind = words.empty() ? "" : words[0];
    const std::int64_t blocks = spec_.kv.blocks;
    bool known = false;
    for (const auto k : {EngineKind::vllm, EngineKind::sglang, EngineKind::trtllm, EngineKind::static_batch}) {
      if (kind == engine_kind_name(k)) spec_ = default_engine_spec(k), known = true;
    }
    if (!known) return fail("'" + kind + "' is no engine");
    spec_.kv.blocks = blocks;
    for (std::size_t i = 1; i < words.size(); ++i) {
      const auto equals = words[i].find('=');
      if (equals == std::string::npos || !set_field(spec_, words[i].substr(0, equals), words[i].substr(equals + 1))) {
        fail("'" + words[i] + "' is no field of an engine");
      }
    }
  }

  void read_send(const Words& words) {
    Sent sent;
    sent.name = words.empty() ? "" : words[0];
    sent.request.id = static_cast<std::int64_t>(sent_.size());
    for (std::size_t i = 1; i < words.size(); ++i) {
      const auto equals = words[i].find('=');
      const std::string name = words[i].substr(0, equals),
                        value = words[i].substr(std::min(equals + 1, words[i].size()));
      const auto number = number_of(value);
      if (name == "prefix") {
        std::uint64_t chain = 1469598103934665603ULL;
        std::istringstream parts(value);
        for (std::string part; std::getline(parts, part, ',');) {
          for (const char c : part + ",") chain = (chain ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
          sent.hashes.push_back(chain);
        }
      } else if (!number) {
        fail("'" + words[i] + "' is no field of a request");
      } else if (name == "at") {
        sent.request.arrival = {*number * 1'000'000LL};
      } else if (name == "prompt") {
        sent.request.prompt_tokens = *number;
      } else if (name == "output") {
        sent.request.output_tokens = *number;
      } else if (name == "priority") {
        sent.request.priority = *number;
      }
    }
    sent_.push_back(sent);
  }

  void read_step(Words words) {
    int times = 1;
    if (!words.empty() && words[0][0] == 'x' && number_of(words[0].substr(1))) {
      times = *number_of(words[0].substr(1));
      words.erase(words.begin());
    }
    std::string step;
    for (const auto& word : words) step += (step.empty() ? "" : " ") + word;
    for (int i = 0; i < times; ++i) expected_.push_back({line_, step});
  }

  std::string describe(const StepBatch& batch) const {
    std::string text;
    const auto add = [&](const std::string& word) { text += (text.empty() ? "" : " ") + word; };
    const auto name = [&](std::int64_t id) { return sent_[static_cast<std::size_t>(id)].name; };
    if (!batch.preempted.empty()) add("preempts");
    for (const auto id : batch.preempted) add(name(id));
    if (!batch.prompts.empty()) add("prompts");
    for (const auto& prompt : batch.prompts) add(name(prompt.request) + ":" + std::to_string(prompt.tokens));
    if (!batch.decodes.empty()) add("decodes");
    for (const auto id : batch.decodes) add(name(id));
    return text;
  }

  void simulate() {
    if (const auto check = check_engine_spec(spec_); !check.ok()) return fail(check.faults()[0].message);
    spec_.walk_every_step = true;
    LinearStepCost cost;
    cost.step = 1 * millisecond;
    Engine engine(spec_, cost);
    for (Sent& sent : sent_) {
      sent.request.prefix_hashes = sent.hashes;
      sent.request.prefix_block_tokens = spec_.kv.block_size;
      if (!engine.fits(sent.request)) return fail(sent.name + " never fits");
      engine.submit(sent.request);
    }
    Listener listener;
    listener.owner = this;
    engine.advance(SimTime::never(), listener);
    std::size_t at = 0;
    for (const Expected& expected : expected_) {
      const std::string got = at < steps_.size() ? steps_[at] : "end";
      ++at;
      if (got == expected.step) continue;
      line_ = expected.line;
      return fail("step " + std::to_string(at) + " is '" + got + "', not '" + expected.step + "'");
    }
  }

  EngineSpec spec_;
  std::vector<Sent> sent_;
  std::vector<Expected> expected_;
  std::vector<std::string> steps_;
  std::vector<SequenceFault> faults_;
  int line_ = 0;
};

}  // namespace

std::vector<SequenceFault> run_sequence(const std::string& text) { return Sequence().run(text); }

}  // namespace stargate::scheduler_tests
