// Any text as a question. A text that begins with a brace is a question as `stargate ask` reads it; any other is a
// command line, a word a line, the question's name first. What is asked is answered, in text and in JSON, on a part of
// the catalogue. The seeds are made from the tables of the questions: each example, and each example with each flag.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "stargate/app/question_flags.hpp"
#include "stargate/questions/registry.hpp"
#include "tests/fuzz/part_of_catalogue.hpp"

namespace {

using stargate::Question;

/// Questions whose answer takes long by itself are asked by tools/mutate_inputs.py, of the program: these rate every
/// machine, simulate every row or fit.
bool takes_long(const Question& question) {
  return question.name() == "plan" || question.name() == "validate" || question.name() == "calibrate" ||
         question.name() == "serve study";
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// What a shell makes of an example.
std::string as_lines(const std::string& example) {
  std::string out;
  char quote = 0;
  for (const char c : example) {
    if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    } else {
      out += c == ' ' && quote == 0 ? '\n' : c;
    }
  }
  return out + "\n";
}

void answer(const Question& question, const stargate::Document& document) {
  static const stargate::PartOfCatalogue files;
  if (takes_long(question)) return;
  const auto answered = question.run(document, {files, stargate::PartOfCatalogue::kFolder});
  if (answered.ok()) {
    static_cast<void>(answered->text() + answered->json());
  } else {
    static_cast<void>(stargate::format_diagnostics(told_by_flags(question, document, answered.faults())));
  }
}

/// Words that give the field a value its type allows.
std::string flag_with_value(const stargate::FieldText& field, const stargate::FieldFace& face) {
  const std::string flag = stargate::flag_of(field.name);
  if (face.shape == stargate::FieldShape::on) return flag + "\n";
  if (const auto bar = field.type.find(" | "); bar != std::string::npos) {
    const auto begin = field.type.rfind(' ', bar - 1);
    return flag + "\n" + field.type.substr(begin == std::string::npos ? 0 : begin + 1, bar - begin - 1) + "\n";
  }
  if (const auto as = field.type.find(", as \""); as != std::string::npos) {
    return flag + "\n" + field.type.substr(as + 6, field.type.rfind('"') - as - 6) + "\n";
  }
  if (field.name == "set") return flag + "\naccelerator:h100-sxm.power=+10%\n";
  if (field.name == "without") return flag + "\nrental:h100-sxm\n";
  return flag + "\n" + (field.type.find("number") == std::string::npos ? "llama-3.1-8b" : "2") + "\n";
}

}  // namespace

std::vector<std::string> more_seeds() {
  std::vector<std::string> seeds;
  for (const auto& question : stargate::all_questions()) {
    if (takes_long(question)) continue;
    for (const auto& example : question.examples) {
      std::string base = question.name() + "\n" + as_lines(example.arguments);
      for (const char* other : {"gb300-nvl72", "hgx-h200", "gb200-nvl72"}) {
        if (const auto at = base.find(other); at != std::string::npos) base.replace(at, std::string(other).size(), "hgx-h100");
      }
      seeds.push_back(base);
      const auto& fields = question.text.record->fields;
      for (std::size_t i = 0; i < fields.size(); ++i) {
        if (!question.text.faces[i].positional) seeds.push_back(base + flag_with_value(fields[i], question.text.faces[i]));
      }
    }
  }
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  static const bool inside = chdir(STARGATE_SOURCE_DIR) == 0;  // examples name files of the tree
  if (!inside) return 0;
  if (text.starts_with("{")) {
    const auto asked = stargate::parse_asked_question("question.json", text);
    if (asked.ok()) {
      answer(*asked->question, asked->document);
    } else {
      static_cast<void>(stargate::format_diagnostics(asked.faults()));
    }
    return 0;
  }
  auto words = lines_of(text);
  const Question* question = words.empty() ? nullptr : stargate::find_question(words.front());
  if (question == nullptr) return 0;
  words.erase(words.begin());
  std::reverse(words.begin(), words.end());  // as CLI11 takes them
  CLI::App app;
  app.set_help_flag();
  const stargate::QuestionCommand command(*question, app);
  try {
    app.parse(words);
  } catch (const CLI::ParseError&) {
    return 0;
  }
  const auto document = command.asked(nullptr);
  if (document.ok()) {
    answer(*question, *document);
  } else {
    static_cast<void>(stargate::format_diagnostics(document.faults()));
  }
  return 0;
}
