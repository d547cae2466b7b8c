// Changes that act on nothing are named below the answer, those that act are not.
#include "stargate/questions/unused_changes.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "stargate/config/node.hpp"
#include "stargate/questions/changes.hpp"
#include "stargate/questions/registry.hpp"

namespace stargate {
namespace {

const DiskFileReader kFiles;

Document asked(const std::string& set) {
  auto document = parse_yaml("x.yaml", "set: " + set + "\n");
  REQUIRE(document.ok());
  return std::move(document).value();
}

std::vector<std::string> set_of(const Document& document, const QuestionContext& context) {
  ChangeFields fields;
  for (const Node& item : document.root.find("set")->items) fields.set.push_back(item.text);
  return asked_changes(context, fields).set;
}

std::int64_t count_of(const std::vector<std::string>& changes, const std::string& what) {
  return std::count_if(changes.begin(), changes.end(), [&](const auto& change) { return change.starts_with(what); });
}

/// Answers with how many of its changes name "a".
Result<Answer> count(const Document& document, const QuestionContext& context) {
  const std::int64_t found = count_of(set_of(document, context), "a");
  return Answer{AnswerKind::answered,
                [=] { return std::to_string(found) + " found\n"; },
                [=](JsonWriter& json) { json.member("count", found); },
                {}};
}

}  // namespace

TEST_CASE("a change without which the answer is the same is named below it, one that acts is not") {
  const auto answer = answer_and_tell_unused(asked("[a.b=1, 'c.d=\"2\"']"), {kFiles, {}}, {count, {}});
  REQUIRE(answer.ok());
  CHECK(answer->text() == "1 found\nno part of this answer uses --set c.d=\"2\"\n");
  const auto json = parse_json("answer.json", answer->json());
  REQUIRE(json.ok());
  REQUIRE(json->root.find("unused_changes") != nullptr);
  CHECK(json->root.find("unused_changes")->items.at(0).text == "--set c.d=\"2\"");
}

TEST_CASE("an answer that uses all its changes stays as it is") {
  const auto answer = answer_and_tell_unused(asked("[a.b=1]"), {kFiles, {}}, {count, {}});
  REQUIRE(answer.ok());
  CHECK(answer->text() == "1 found\n");
  CHECK(answer->json().find("unused") == std::string::npos);
}

TEST_CASE("a change that moves the figures is used and not asked about again") {
  int answers = 0;
  const auto slow = [&](const Document& document, const QuestionContext& context) {
    ++answers;
    return count(document, context);
  };
  const auto figures = [](const Document& document, const QuestionContext& context) -> Result<std::string> {
    return std::to_string(count_of(set_of(document, context), "a"));
  };
  const auto answer = answer_and_tell_unused(asked("[a.b=1, a.c=2, c.d=2]"), {kFiles, {}}, {slow, figures});
  REQUIRE(answer.ok());
  CHECK(answer->unused_changes == std::vector<std::string>{"--set c.d=2"});
  CHECK(answers == 2);
}

TEST_CASE("every question that takes changes says which of them its answer does not use") {
  for (const Question& question : all_questions()) {
    bool takes = false, tells = false;
    for (const FieldText& field : question.text.record->fields) takes = takes || field.name == "set";
    for (const AnswerField& field : question.answer) tells = tells || field.path == "unused_changes[]";
    CHECK_MESSAGE(takes == tells, question.name());
  }
}

}  // namespace stargate
