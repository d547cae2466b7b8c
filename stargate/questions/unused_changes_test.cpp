// Changes that act on nothing are named below the answer, those that act are not.
#include "stargate/questions/unused_changes.hpp"

#include <doctest/doctest.h>

#include "stargate/config/node.hpp"
#include "stargate/questions/changes.hpp"

namespace stargate {
namespace {

/// Answers with how many of its changes name "a".
Question count_question() {
  Question question;
  question.run = [](const Document& document, QuestionContext context) -> Result<Answer> {
    ChangeFields fields;
    for (const Node& item : document.root.find("set")->items) fields.set.push_back(item.text);
    int count = 0;
    for (const auto& change : asked_changes(context, fields).set) count += change.starts_with("a");
    const std::string text = std::to_string(count) + " of " + describe_changes(fields) + "\n";
    return Answer{AnswerKind::answered, [=] { return text; }, [=] { return "{\"count\": \"" + text + "\"}"; }, {}};
  };
  return question;
}

TEST_CASE("a change without which the answer is the same is named below it, one that acts is not") {
  const Question question = tell_unused_changes(count_question());
  const auto document = parse_yaml("x.yaml", "set: [a.b=1, c.d=2]\n");
  REQUIRE(document.ok());
  const DiskFileReader files;
  const auto answer = question.run(*document, {files, {}});
  REQUIRE(answer.ok());
  CHECK(answer->text() == "1 of --set a.b=1 --set c.d=2\nno part of this answer uses --set c.d=2\n");
  CHECK(answer->json().find("\"unused_changes\": [\"--set c.d=2\"]") != std::string::npos);
}

TEST_CASE("an answer that uses all its changes stays as it is") {
  const auto document = parse_yaml("x.yaml", "set: [a.b=1]\n");
  REQUIRE(document.ok());
  const DiskFileReader files;
  const auto answer = tell_unused_changes(count_question()).run(*document, {files, {}});
  REQUIRE(answer.ok());
  CHECK(answer->text() == "1 of --set a.b=1\n");
}

}  // namespace
}  // namespace stargate
