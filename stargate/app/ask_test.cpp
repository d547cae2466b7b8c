// A question asked on the command line and the same question written as JSON have one answer, for every example of
// every question; each answer's JSON is what its schema says.
#include "stargate/app/ask.hpp"

#include <doctest/doctest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>

#include "stargate/app/help_text.hpp"
#include "stargate/questions/registry.hpp"
#include "stargate/questions/schema.hpp"

using namespace stargate;

namespace {

/// Words of an example; quotes keep spaces.
std::vector<std::string> split_words(const std::string& text) {
  std::vector<std::string> words(1);
  char quote = 0;
  for (const char c : text) {
    if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    } else if (c == ' ' && quote == 0) {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

Result<Document> asked_by_flags(const Question& question, const std::string& arguments) {
  CLI::App app;
  app.set_help_flag();
  const QuestionCommand command(question, app);
  auto words = split_words(arguments);
  std::reverse(words.begin(), words.end());
  app.parse(words);
  return command.asked(nullptr);
}

struct Told {
  AnswerKind kind;
  std::string text, json;
};

Told told(const Question& question, const Document& document) {
  static const DiskFileReader files;
  std::filesystem::current_path(STARGATE_SOURCE_DIR);  // examples name files of the tree
  auto answer = question.run(document, {files, "catalogue"});
  if (!answer) {
    FAIL_CHECK(format_diagnostics(answer.faults()));
    return {};
  }
  return {answer->kind, answer->text(), answer->json()};
}

}  // namespace

TEST_CASE("every example of every question has one answer, asked by flags and by JSON, and its schema describes it") {
  for (const auto& question : all_questions()) {
    CHECK_MESSAGE(!question.examples.empty(), question.name());
    for (auto example : question.examples) {
      // the shipped programme takes minutes to rate; the small one has the same parts
      const std::string shipped = "studies/stargate.yaml";
      if (const auto at = example.arguments.find(shipped); at != std::string::npos) {
        example.arguments.replace(at, shipped.size(), "tests/golden/inputs/small.yaml");
      }
      CAPTURE(question.name() + " " + example.arguments);
      const auto by_flags = asked_by_flags(question, example.arguments);
      REQUIRE(by_flags.ok());
      const auto by_json = parse_asked_question("question.json", format_asked_question(question, *by_flags));
      REQUIRE(by_json.ok());
      CHECK(by_json->question == &question);
      const Told one = told(question, *by_flags), other = told(question, by_json->document);
      CHECK(one.kind == other.kind);
      CHECK(one.text == other.text);
      CHECK(one.json == other.json);
      if (one.json.empty()) continue;
      const auto json = parse_json("answer.json", one.json);
      REQUIRE(json.ok());
      for (const auto& member : undescribed_members(question, json->root)) FAIL_CHECK(member);
    }
  }
}

TEST_CASE("a question that is not one is answered with the nearest name, and a fault in its JSON has a line") {
  const auto unknown = parse_asked_question("q.json", "{\"question\": \"modle\", \"model\": \"x\"}");
  REQUIRE(!unknown.ok());
  CHECK(format_diagnostics(unknown.faults()).find("did you mean 'model'?") != std::string::npos);
  CHECK(!parse_asked_question("q.json", "{\"model\": \"x\"}").ok());
  CHECK(!parse_asked_question("q.json", "[1]").ok());
  const auto asked = parse_asked_question("q.json", "{\"question\": \"model\",\n \"modl\": \"x\"}");
  REQUIRE(asked.ok());
  static const DiskFileReader files;
  const auto answer = asked->question->run(asked->document, {files, "catalogue"});
  REQUIRE(!answer.ok());
  CHECK(format_diagnostics(answer.faults()).find("q.json:2") != std::string::npos);
  CHECK(format_diagnostics(answer.faults()).find("did you mean 'model'?") != std::string::npos);
}

TEST_CASE("a field given twice and one that is missing are told by their flags") {
  const Question& model = *find_question("model");
  const auto missing = asked_by_flags(model, "--json");
  REQUIRE(!missing.ok());
  CHECK(missing.faults()[0].message == "model is missing");
}

TEST_CASE("help shows every field, marks the required and gives the command's own examples") {
  for (const auto& question : all_questions()) {
    const std::string help = format_command_help(question, {}, 100);
    for (std::size_t i = 0; i < question.text.faces.size(); ++i) {
      if (question.text.faces[i].positional) continue;
      CHECK(help.find(flag_of(question.text.record->fields[i].name)) != std::string::npos);
    }
    for (const auto& example : question.examples) CHECK(help.find(example.arguments) != std::string::npos);
  }
}
