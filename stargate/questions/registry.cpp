// Each question's own file makes its entry; the list below is all there is to add it to.
#include "stargate/questions/registry.hpp"

#include <algorithm>

#include "stargate/config/json_writer.hpp"
#include "stargate/questions/calibrate.hpp"
#include "stargate/questions/catalogue_fields.hpp"
#include "stargate/questions/catalogue_list.hpp"
#include "stargate/questions/catalogue_show.hpp"
#include "stargate/questions/check.hpp"
#include "stargate/questions/cost.hpp"
#include "stargate/questions/goodput.hpp"
#include "stargate/questions/import.hpp"
#include "stargate/questions/model.hpp"
#include "stargate/questions/plan.hpp"
#include "stargate/questions/plan_alliance.hpp"
#include "stargate/questions/plan_hedge.hpp"
#include "stargate/questions/plan_near.hpp"
#include "stargate/questions/plan_replan.hpp"
#include "stargate/questions/plan_replay.hpp"
#include "stargate/questions/plan_risk.hpp"
#include "stargate/questions/plan_run.hpp"
#include "stargate/questions/plan_when.hpp"
#include "stargate/questions/plan_whole.hpp"
#include "stargate/questions/plan_why.hpp"
#include "stargate/questions/serve.hpp"
#include "stargate/questions/serve_simulate.hpp"
#include "stargate/questions/serve_size.hpp"
#include "stargate/questions/serve_study.hpp"
#include "stargate/questions/train.hpp"
#include "stargate/questions/train_search.hpp"
#include "stargate/questions/validate.hpp"

namespace stargate {
namespace {

void write_node(JsonWriter& json, const Node& node) {
  if (node.is_mapping()) {
    json.begin_object();
    for (const auto& member : node.members) write_node(json.key(member.key), member.value);
    json.end_object();
  } else if (node.is_sequence()) {
    json.begin_array();
    for (const auto& item : node.items) write_node(json, item);
    json.end_array();
  } else if (node.text == "true" || node.text == "false") {
    json.value(node.text == "true");
  } else {
    json.value(node.text);  // a number in quotes reads the same, to the last digit
  }
}

}  // namespace

const std::vector<Question>& all_questions() {
  static const std::vector<Question> questions{plan_question(),
                                               alliance_question(),
                                               why_question(),
                                               near_question(),
                                               when_question(),
                                               whole_question(),
                                               risk_question(),
                                               replay_question(),
                                               replan_question(),
                                               run_question(),
                                               hedge_question(),
                                               train_question(),
                                               train_search_question(),
                                               goodput_question(),
                                               import_question(),
                                               serve_question(),
                                               serve_size_question(),
                                               serve_simulate_question(),
                                               serve_study_question(),
                                               cost_question(),
                                               model_question(),
                                               catalogue_list_question(),
                                               catalogue_show_question(),
                                               catalogue_fields_question(),
                                               check_question(),
                                               validate_question(),
                                               calibrate_question()};
  return questions;
}

const Question* find_question(std::string_view name) {
  const auto& all = all_questions();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Question& q) { return q.name() == name; });
  return found == all.end() ? nullptr : &*found;
}

std::vector<std::string> question_names() {
  std::vector<std::string> names;
  for (const auto& question : all_questions()) names.push_back(question.name());
  return names;
}

std::string_view group_sentence(std::string_view word) {
  return word == "catalogue" ? "What can be bought or run, with sources" : "";
}

Result<AskedQuestion> parse_asked_question(const std::string& file, std::string_view text) {
  auto document = parse_json(file, text);
  if (!document) return document.faults();
  Node& root = document->root;
  const auto named = std::find_if(root.members.begin(), root.members.end(),
                                  [](const Member& member) { return member.key == "question"; });
  if (named == root.members.end()) {
    return document->fault(root, {}, "'question' is missing", "write {\"question\": \"train\", \"model\": ...}");
  }
  const Question* question = named->value.is_scalar() ? find_question(named->value.text) : nullptr;
  if (question == nullptr) {
    return document->fault(named->value, "question", describe_node(named->value) + " is no question",
                           suggest_name(named->value.text, question_names()));
  }
  root.members.erase(named);
  return AskedQuestion{question, std::move(*document)};
}

std::string format_asked_question(const Question& question, const Document& document) {
  JsonWriter json;
  json.begin_object().member("question", question.name());
  for (const auto& member : document.root.members) write_node(json.key(member.key), member.value);
  return json.end_object().text();
}

}  // namespace stargate
