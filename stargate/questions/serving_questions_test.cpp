// Questions about serving, asked as JSON of the shipped catalogue.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stargate/config/node.hpp"
#include "stargate/questions/registry.hpp"

namespace stargate {
namespace {

Result<Answer> ask(const std::string& text, std::map<std::string, std::string, std::less<>> wanted = {}) {
  static const DiskFileReader files;
  auto asked = parse_asked_question("question.json", text);
  REQUIRE(asked.ok());
  return asked->question->run(asked->document,
                              {files, STARGATE_SOURCE_DIR "/catalogue", [](const std::string&) {}, std::move(wanted)});
}

Answer answer_to(const std::string& text, std::map<std::string, std::string, std::less<>> wanted = {}) {
  auto answer = ask(text, std::move(wanted));
  if (!answer) FAIL(format_diagnostics(answer.faults()));
  return std::move(*answer);
}

std::string member(const Answer& answer, const std::string& name) {
  const auto json = parse_json("answer.json", answer.json());
  REQUIRE(json.ok());
  const Node* node = json->root.find(name);
  return node == nullptr ? "" : node->text;
}

std::string simulate(const std::string& more) {
  return R"({"question": "serve simulate", "model": "llama-3.1-8b", "system": "hgx-h100", )" + more + "}";
}

TEST_CASE("traffic beyond what a service takes is named overload, in text and in JSON; less is not") {
  const Answer much = answer_to(simulate(R"("rate": 200, "isl": "1000", "osl": "300", "requests": 6000)"));
  CHECK(member(much, "overloaded") == "true");
  CHECK(std::stod(member(much, "in_flight_growth_per_s")) > 50);
  CHECK(much.text().find("OVERLOADED: 200 requests a second came") != std::string::npos);
  const Answer little = answer_to(simulate(R"("rate": 10, "isl": "1000", "osl": "300", "requests": 600)"));
  CHECK(member(little, "overloaded") == "false");
  CHECK(little.text().find("OVERLOADED") == std::string::npos);
}

TEST_CASE("without an engine the fastest that has what is asked of it is taken, and the others are named") {
  const std::string load = R"("concurrency": 32, "isl": "1000", "osl": "200", "requests": 300)";
  const Answer chosen = answer_to(simulate(load));
  CHECK(chosen.text().find("engine: faster here than ") != std::string::npos);
  const double rate = std::stod(member(chosen, "output_tokens_per_s"));
  for (const char* engine : {"vllm", "sglang", "trtllm"}) {
    const Answer pinned = answer_to(simulate(fmt::format(R"({}, "engine": "{}")", load, engine)));
    CHECK(pinned.text().find("faster here") == std::string::npos);
    // The estimate that chooses knows no queue: engines within a few percent may change places.
    CHECK(std::stod(member(pinned, "output_tokens_per_s")) < 1.1 * rate);
  }
  const Answer special = answer_to(simulate(load + R"(, "capacity_policy": "max_utilization")"));
  CHECK(member(special, "engine").find("TensorRT-LLM") != std::string::npos);
  const auto idle = ask(simulate(load + R"(, "capacity_policy": "max_utilization", "engine": "vllm")"));
  REQUIRE(!idle.ok());
  CHECK(idle.faults()[0].message.find("has no effect with vllm") != std::string::npos);
}

TEST_CASE("power and money are sized for what they buy of each system; a price bounds the front") {
  const std::string asked =
      R"({"question": "serve size", "model": "llama-3.1-8b", "system": ["hgx-h100"], "isl": "1000", "osl": "200",
          "tpot_p99": 30, "mode": "aggregated", "requests": 1000, "engine": "vllm", "price": "2 $/h")";
  const auto accelerators = [&](const std::string& more) {
    const auto json = parse_json("answer.json", answer_to(asked + more + "}").json());
    REQUIRE(json.ok());
    return std::stoi(json->root.find("answers")->items.at(0).find("accelerators")->text);
  };
  CHECK(accelerators(R"(, "budget": "100 $/h")") == 50);
  const int powered = accelerators(R"(, "power": "102 kW")");
  CHECK(powered >= 70);
  CHECK(powered <= 80);  // ten systems of eight, 10.2 kW each
  CHECK(!ask(asked + R"(, "budget": "1 $/h"})").ok());
  CHECK(!ask(asked + R"(, "budget": "100 $/h", "power": "1 MW"})").ok());
  const Answer front = answer_to(asked + R"(, "rate": 5, "pareto": true, "most_per_mtok": 2})");
  CHECK(front.text().find("within 2 $ a million output tokens a user has up to ") != std::string::npos);
}

TEST_CASE("a run that only fills up and drains says so") {
  const Answer answer = answer_to(simulate(R"("rate": 100, "isl": "1000", "osl": "300", "requests": 50)"));
  CHECK(member(answer, "too_short_to_be_steady") == "true");
  CHECK(answer.text().find("Short run") != std::string::npos);
}

TEST_CASE("a model that does not fit is an answer with the missing bytes, in JSON too") {
  const Answer answer =
      answer_to(R"({"question": "serve simulate", "model": "llama-3.1-70b", "system": "hgx-h100", "rate": 2})");
  CHECK(answer.kind == AnswerKind::is_no);
  CHECK(member(answer, "fits") == "false");
  CHECK(std::stod(member(answer, "missing_bytes")) > 1e9);
  CHECK(answer.text().find("are missing") != std::string::npos);
}

TEST_CASE("when every request is refused the answer is no") {
  const Answer answer = answer_to(simulate(R"("rate": 1, "isl": "9000000", "osl": "10", "requests": 5)"));
  CHECK(answer.kind == AnswerKind::is_no);
  CHECK(member(answer, "requests") == "0");
  CHECK(member(answer, "refused") == "5");
}

TEST_CASE("with data-parallel attention the cache is told a rank and in all") {
  const Answer answer = answer_to(R"({"question": "serve simulate", "model": "deepseek-v3", "system": "hgx-h200",
    "tp": 1, "attention_dp": 8, "ep": 8, "rate": 1, "isl": "500", "osl": "20", "requests": 20})");
  CHECK(answer.text().find("tokens a rank, ") != std::string::npos);
  CHECK(std::stod(member(answer, "cache_tokens")) ==
        doctest::Approx(8 * std::stod(member(answer, "cache_tokens_per_rank"))));
}

TEST_CASE("every serving answer names engine, versions, law basis and the error to expect") {
  for (const std::string& text :
       {simulate(R"("rate": 1, "requests": 10)"),
        std::string(R"({"question": "serve", "model": "llama-3.1-8b", "system": ["hgx-h100"], "rate": 5,)"
                    R"( "isl": 1000, "osl": 200})")}) {
    const Answer answer = answer_to(text);
    CHECK(answer.text().find("Engine: ") != std::string::npos);
    CHECK(answer.text().find("versions ") != std::string::npos);
    CHECK(answer.text().find("Device law: ") != std::string::npos);
    CHECK(answer.json().find("\"engine_versions\"") != std::string::npos);
    CHECK(answer.json().find("\"law_basis\"") != std::string::npos);
    CHECK(answer.text().find("Error to expect: half of ") != std::string::npos);
    CHECK(answer.json().find("\"expected_error\": \"half of ") != std::string::npos);
  }
}

TEST_CASE("rows of requests are gathered where a file for them is named") {
  const Answer answer = answer_to(simulate(R"("rate": 5, "requests": 7)"), {{"requests_csv", "rows.csv"}});
  REQUIRE(answer.files.size() == 1);
  CHECK(answer.files[0].path == "rows.csv");
  CHECK(std::count(answer.files[0].content.begin(), answer.files[0].content.end(), '\n') == 8);
}

TEST_CASE("a latency is milliseconds or has its unit") {
  const auto faults = ask(simulate(R"("rate": 5, "ttft": "fast")"));
  REQUIRE(!faults.ok());
  const Answer bare = answer_to(simulate(R"("rate": 5, "requests": 20, "ttft": 500)"));
  const Answer unit = answer_to(simulate(R"("rate": 5, "requests": 20, "ttft": "0.5 s")"));
  CHECK(bare.json() == unit.json());
}

TEST_CASE("a field without effect is a fault where it stands") {
  const auto prefill = ask(simulate(R"("rate": 5, "prefill_tp": 2)"));
  REQUIRE(!prefill.ok());
  CHECK(prefill.faults()[0].path == "prefill_tp");
  const auto two = ask(R"({"question": "validate", "training": "a.csv", "serving": "b.csv"})");
  REQUIRE(!two.ok());
  CHECK(two.faults()[0].path == "serving");
  const auto idle = ask(R"({"question": "validate", "training": "a.csv", "device": ["h100-sxm"]})");
  REQUIRE(!idle.ok());
  CHECK(idle.faults()[0].path == "device");
}

TEST_CASE("every prediction of measured serving figures goes to the file that is named") {
  const Answer answer = answer_to(R"({"question": "validate", "serving": ")" STARGATE_SOURCE_DIR
                                  R"(/tests/golden/inputs/measured_serving.csv"})",
                                  {{"rows", "rows.csv"}});
  REQUIRE(answer.files.size() == 1);
  CHECK(answer.files[0].content.starts_with("id,source,model,accelerator"));
  CHECK(std::count(answer.files[0].content.begin(), answer.files[0].content.end(), '\n') == 4);
}

}  // namespace
}  // namespace stargate
