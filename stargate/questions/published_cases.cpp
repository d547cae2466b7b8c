// A case's `ask` is a question as `stargate ask` takes it, written in YAML; its figures are paths in the answer's JSON.
#include "stargate/questions/published_cases.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stargate/base/text_table.hpp"
#include "stargate/measured/validation_json.hpp"
#include "stargate/questions/registry.hpp"
#include "stargate/units/text.hpp"

namespace stargate {
namespace {

/// Path of a config.json that a case brings: relative to the file of cases.
constexpr const char* kModelField = "model";

std::string beside(const std::string& file, const std::string& name) {
  const auto slash = file.rfind('/');
  return slash == std::string::npos ? name : file.substr(0, slash + 1) + name;
}

/// Reads one file of cases, with all its faults.
class CaseReader {
 public:
  CaseReader(const Document& document, const Catalogue& catalogue) : document_(document), catalogue_(catalogue) {}

  Result<std::vector<PublishedCase>> run() {
    std::vector<PublishedCase> out;
    const Node* cases = document_.root.find("cases");
    if (cases == nullptr || !cases->is_sequence()) {
      fault(document_.root, "cases", "a list of cases is missing", "begin the file with 'cases:'");
    } else {
      for (const Node& node : cases->items) read_case(node, out);
    }
    if (!faults_.empty()) return faults_;
    return out;
  }

 private:
  void fault(const Node& node, const std::string& path, const std::string& message, const std::string& hint = {}) {
    faults_.push_back(document_.fault(node, path, message, hint));
  }

  std::string text_of(const Node& node, const char* key, bool required) {
    const Node* value = node.find(key);
    if (value != nullptr && value->is_scalar()) return value->text;
    if (required || value != nullptr) fault(value != nullptr ? *value : node, key, "a text is missing");
    return {};
  }

  void read_case(const Node& node, std::vector<PublishedCase>& out) {
    for (const Member& member : node.members) {
      static constexpr const char* known[] = {"name", "source", "note", "ask", "figures"};
      if (std::find(std::begin(known), std::end(known), member.key) != std::end(known)) continue;
      faults_.push_back(document_.fault(member.at, member.key, "is no field of a case",
                                        suggest_name(member.key, {std::begin(known), std::end(known)})));
    }
    PublishedCase one{text_of(node, "name", true), text_of(node, "source", true), text_of(node, "note", false),
                      nullptr, document_, {}};
    if (!one.source.empty() && !catalogue_.sources.contains(one.source)) {
      fault(*node.find("source"), "source", "'" + one.source + "' is no id of sources.yaml", "add the source there");
    }
    read_question(node, one);
    read_figures(node, one);
    out.push_back(std::move(one));
  }

  void read_question(const Node& node, PublishedCase& out) {
    const Node* ask = node.find("ask");
    const Node* named = ask != nullptr ? ask->find("question") : nullptr;
    if (named == nullptr) return fault(node, "ask", "a question is missing", "write ask: {question: train, ...}");
    out.question = find_question(named->text);
    if (out.question == nullptr) {
      return fault(*named, "question", describe_node(*named) + " is no question",
                   suggest_name(named->text, question_names()));
    }
    out.asked.root = *ask;
    auto& members = out.asked.root.members;
    std::erase_if(members, [](const Member& member) { return member.key == "question"; });
    Node* model = out.asked.root.find(kModelField);
    if (model != nullptr && model->text.ends_with(".json")) model->text = beside(document_.file, model->text);
  }

  void read_figures(const Node& node, PublishedCase& out) {
    const Node* figures = node.find("figures");
    if (figures == nullptr || figures->members.empty()) {
      return fault(node, "figures", "figures are missing", "write figures: {path in the answer: value}");
    }
    for (const Member& member : figures->members) {
      PublishedFigure figure{member.key, member.value.text, 0, false};
      figure.is_yes_or_no = figure.text == "true" || figure.text == "false";
      const bool bytes = figure.path.ends_with("_bytes"), seconds = figure.path.ends_with("_s");
      if (figure.is_yes_or_no) {
        figure.published = figure.text == "true" ? 1 : 0;
      } else if (const auto plain = parse_plain_number(figure.text)) {
        figure.published = *plain;
      } else if (bytes || seconds) {
        const auto parsed = parse_quantity_as(figure.text, bytes ? Dim{.byte = 1} : Dim{.second = 1});
        if (const auto* value = std::get_if<double>(&parsed)) figure.published = *value;
      }
      if (!figure.is_yes_or_no && !(figure.published > 0)) {
        fault(member.value, member.key, describe_node(member.value) + " is no figure",
              "a number above 0, with a unit where the path ends in _bytes or _s; true or false");
      }
      out.figures.push_back(std::move(figure));
    }
  }

  const Document& document_;    ///< not owned
  const Catalogue& catalogue_;  ///< not owned
  Diagnostics faults_;          ///< so far
};

/// A figure in the JSON of an answer; empty where it has none.
std::optional<double> figure_at(const Node& root, std::string_view path) {
  const Node* node = &root;
  while (!path.empty() && node != nullptr) {
    const auto slash = path.find('/');
    node = node->find(path.substr(0, slash));
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  if (node == nullptr || !node->is_scalar()) return std::nullopt;
  if (node->text == "true" || node->text == "false") return node->text == "true" ? 1.0 : 0.0;
  return parse_plain_number(node->text);
}

std::string value_text(const PublishedFigure& figure, double value) {
  if (figure.is_yes_or_no) return value > 0 ? "true" : "false";
  if (figure.path.ends_with("_bytes")) return fmt::format("{:.2f} GiB", value / gibibyte.base());
  return fmt::format("{:.5g}", value);
}

/// The field of a question, or "".
std::string asked_text(const PublishedCase& one, const char* field) {
  const Node* node = one.asked.root.find(field);
  return node != nullptr && node->is_scalar() ? node->text : std::string();
}

}  // namespace

std::string PredictedFigure::error_text() const {
  if (!predicted) return figure->is_yes_or_no ? "WRONG" : "none";
  if (figure->is_yes_or_no) return *predicted == figure->published ? "right" : "WRONG";
  return fmt::format("{:+.1f} %", 100 * (*predicted / figure->published - 1));
}

bool PredictedFigure::is_right(double tolerance) const {
  if (!predicted) return false;
  if (figure->is_yes_or_no) return *predicted == figure->published;
  return std::abs(*predicted / figure->published - 1) <= tolerance;
}

Result<std::vector<PublishedCase>> load_published_cases(const FileReader& files, const std::string& path,
                                                        const Catalogue& catalogue) {
  const auto text = files.read(path);
  if (!text) return text.faults();
  const auto document = parse_yaml(path, *text);
  if (!document) return document.faults();
  return CaseReader(*document, catalogue).run();
}

Result<CaseValidation> validate_cases(const std::vector<PublishedCase>& cases, std::size_t worst,
                                      const QuestionContext& context) {
  CaseValidation out;
  ValidationTally tally(worst);
  Diagnostics faults;
  for (const PublishedCase& one : cases) {
    context.progress(one.name);
    const auto answer = one.question->run(one.asked, {context.files, context.catalogue_folder});
    if (!answer) {
      faults.insert(faults.end(), answer.faults().begin(), answer.faults().end());
      continue;
    }
    const auto told = parse_json(one.name, answer->json());
    STARGATE_CHECK(told.ok(), "an answer that is no JSON");
    const ValidationKey key{one.source, asked_text(one, "system"), asked_text(one, "engine"), {}, {}, {}};
    for (const PublishedFigure& figure : one.figures) {
      PredictedFigure predicted{&one, &figure, figure_at(told->root, figure.path)};
      ValidationKey of = key;
      of.metric = figure.path;
      // Yes and no have no relative error: 2 and 1 stand for them, so that a wrong one is half or twice.
      const double shift = figure.is_yes_or_no ? 1 : 0;
      if (predicted.predicted) {
        const double published = figure.published + shift, ours = *predicted.predicted + shift;
        tally.add(of, {}, published, ours);
        if (tally.is_among_worst(published, ours)) {
          tally.note_worst({one.source, one.name + ": " + figure.path, figure.published, *predicted.predicted});
        }
      } else {
        tally.skip(of, "the answer has no " + figure.path);
      }
      out.figures.push_back(std::move(predicted));
    }
  }
  if (!faults.empty()) return faults;
  out.report = tally.report();
  return out;
}

std::string format_case_validation_text(const CaseValidation& validation) {
  TextTable table({{"case", Align::left}, {"figure", Align::left}, {"published"}, {"ours"}, {"error"}});
  int asked = 0, wrong = 0;
  for (const PredictedFigure& p : validation.figures) {
    const PublishedFigure& figure = *p.figure;
    asked += figure.is_yes_or_no, wrong += figure.is_yes_or_no && !p.is_right(0);
    table.add_row({p.of->name, figure.path, value_text(figure, figure.published),
                   p.predicted ? value_text(figure, *p.predicted) : "-", p.error_text()});
  }
  return "What was published, and what the program answers to the whole question.\n" + table.format() +
         fmt::format("\nyes or no: {} of {} right\n\n", asked - wrong, asked) +
         format_overall_text(validation.report, "");
}

void write_case_validation(JsonWriter& json, const CaseValidation& validation) {
  write_validation(json, validation.report);
  json.key("cases").begin_array();
  for (const PredictedFigure& p : validation.figures) {
    json.begin_object().member("case", p.of->name).member("source", p.of->source);
    json.member("question", format_asked_question(*p.of->question, p.of->asked)).member("figure", p.figure->path);
    json.member("published", p.figure->published);
    json.member("predicted", p.predicted.value_or(std::numeric_limits<double>::quiet_NaN()));
    json.member("error", p.error_text()).member("note", p.of->note).end_object();
  }
  json.end_array();
}

std::string format_case_validation_csv(const CaseValidation& validation) {
  TextTable table({{"case"}, {"figure"}, {"published"}, {"predicted"}, {"error"}, {"source"}, {"note"}, {"question"}});
  for (const PredictedFigure& p : validation.figures) {
    table.add_row({p.of->name, p.figure->path, fmt::format("{:.6g}", p.figure->published),
                   p.predicted ? fmt::format("{:.6g}", *p.predicted) : "", p.error_text(), p.of->source, p.of->note,
                   format_asked_question(*p.of->question, p.of->asked)});
  }
  return table.format_csv();
}

}  // namespace stargate
