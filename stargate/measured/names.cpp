// Words of a name against the words of a record, and the lists of words that change nothing.
#include "stargate/measured/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

#include "stargate/base/csv.hpp"

namespace stargate {
namespace {

using Words = std::vector<std::string>;

enum class Cut { signs, letters_from_digits };

/// In lower case. A point between digits belongs to the word: "3.1".
Words words_of(std::string_view name, Cut cut) {
  Words out;
  std::string word;
  int last = 0;
  for (std::size_t i = 0; i <= name.size(); ++i) {
    const auto c = static_cast<unsigned char>(i < name.size() ? name[i] : ' ');
    const bool point =
        c == '.' && last == 1 && i + 1 < name.size() && std::isdigit(static_cast<unsigned char>(name[i + 1])) != 0;
    const int kind = std::isdigit(c) != 0 || point ? 1 : std::isalpha(c) != 0 ? 2 : 0;
    const bool ends = kind == 0 || (cut == Cut::letters_from_digits && kind != last);
    if (ends && !word.empty()) out.push_back(std::move(word)), word.clear();
    if (kind != 0) word += static_cast<char>(std::tolower(c));
    last = kind;
  }
  return out;
}

/// "80gb" -> 80
std::optional<double> memory_word(const std::string& word) {
  if (word.size() < 3 || !word.ends_with("gb")) return std::nullopt;
  return parse_csv_number(std::string_view(word).substr(0, word.size() - 2));
}

/// Labels count GiB as GB and often the physical memory, of which some is not usable: hence a tolerance, in the
/// logarithm.
bool same_memory(const Accelerator& accelerator, double gigabytes) {
  constexpr double tolerance = 0.075;
  const double gib = accelerator.memory_capacity.base() / (1024. * 1024 * 1024);
  return std::abs(std::log(gib / gigabytes)) < tolerance;
}

/// An accelerator's own words.
struct Known {
  std::set<std::string> words, required;
};

/// `words`: understood beside this record; `required`: without them the name could be another's.
Known known_words(const std::string& id, const Accelerator& accelerator) {
  Known out;
  for (const auto* text : {&id, &accelerator.name, &accelerator.vendor, &accelerator.architecture, &accelerator.form,
                           &accelerator.memory}) {
    for (auto& word : words_of(*text, Cut::signs)) out.words.insert(std::move(word));
  }
  const Words form = words_of(accelerator.form, Cut::signs);
  for (auto& word : words_of(id, Cut::signs)) {
    const bool of_form = std::any_of(form.begin(), form.end(), [&](const auto& f) { return f.starts_with(word); });
    if (!of_form && !memory_word(word)) out.required.insert(std::move(word));
  }
  out.words.insert({"gpu", "gpus", "tensor", "core", "accelerator", "dgx", "hgx"});  // of all, or of their hosts
  return out;
}

/// How a name reads for one record.
struct Reading {
  int understood = 0;
  std::string left_over;  ///< the first word not understood
  bool whole = false;     ///< all that the id requires was there
};

/// Two words may be one of the record's ("Gaudi 3" is gaudi3), so pairs are tried first.
Reading read_name(const Words& name, const Known& known, const Accelerator& accelerator) {
  Reading out;
  std::set<std::string> seen;
  const auto understands = [&](const std::string& word) {
    const auto memory = memory_word(word);
    return memory ? same_memory(accelerator, *memory) : known.words.contains(word);
  };
  for (std::size_t i = 0; i < name.size(); ++i) {
    const std::string joined = i + 1 < name.size() ? name[i] + name[i + 1] : std::string();  // "Gaudi 3", "80 GB"
    if (!joined.empty() && understands(joined)) {
      seen.insert(joined), out.understood += 2, ++i;
    } else if (understands(name[i])) {
      seen.insert(name[i]), ++out.understood;
    } else if (out.left_over.empty()) {
      out.left_over = name[i];
    }
  }
  out.whole = std::includes(seen.begin(), seen.end(), known.required.begin(), known.required.end());
  return out;
}

/// The form a benchmark of a chip is usually run on: SXM before PCIe, the smaller memory where two exist.
bool better_guess(const Accelerator& a, const Accelerator& b) {
  if (a.power != b.power) return a.power > b.power;
  return a.memory_capacity < b.memory_capacity;
}

/// Models that share the shape of one in the catalogue.
struct Alias {
  const char *name, *model;
};
constexpr Alias kAliases[] = {
    {"llama-3.3-70b", "llama-3.1-70b"},
    {"llama-3-70b", "llama-3.1-70b"},
    {"llama-3-8b", "llama-3.1-8b"},
    {"llama-70b", "llama-2-70b"},
    {"llama-13b", "llama-2-13b"},
    {"deepseek-r1", "deepseek-v3"},
    {"deepseek-v3.1", "deepseek-v3"},
    {"kimi-k2.5", "kimi-k2"},
    {"glm-4.6", "glm-4.7"},
    {"minimax-m2", "minimax-m2.5"},
    {"minimax-m2.1", "minimax-m2.5"},
    {"deepseek-r1-distill-llama-70b", "llama-3.1-70b"},
    {"codellama-13b", "llama-2-13b"},
    {"deepseek-r1-distill-llama-8b", "llama-3.1-8b"},
    {"qwen2-7b", "qwen2.5-7b"},
    {"qwen2-72b", "qwen2.5-72b"},
};

/// Words of a model's name that change no shape: tuning, storage, publisher.
constexpr std::array kQualifiers = {"instruct", "chat", "base", "it",   "hf",  "pt",       "thinking", "meta",
                                    "fp",       "nvfp", "mxfp", "bf",   "int", "awq",      "gptq",     "quantized",
                                    "dynamic",  "sft",  "lora", "rlhf", "v",   "terminus", "preview",  "k"};

/// "-FP8", "bf 16", "-v0.1" and four digits of a date are said of a model's files, not of its shape.
bool is_qualifier(const Words& name, std::size_t i) {
  const std::string& word = name[i];
  const bool bits = i > 0 && (word == "4" || word == "8" || word == "16") &&
                    (name[i - 1].ends_with("fp") || name[i - 1] == "bf" || name[i - 1] == "int");
  const bool release = i > 0 && name[i - 1] == "v" && word.starts_with("0.");  // "-v0.1"
  const bool date = word.size() == 4 && std::isdigit(static_cast<unsigned char>(word[0])) != 0;
  return bits || release || date || std::find(kQualifiers.begin(), kQualifiers.end(), word) != kQualifiers.end();
}

/// Words of `name` that are not of the id; nothing when the id is not all in the name.
std::optional<std::string> left_over_of(const Words& name, const Words& id) {
  std::multiset<std::string> wanted(id.begin(), id.end());
  wanted.erase("v");  // "LLaMA v3.1", "DeepSeek-V3"
  std::string left;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (const auto found = wanted.find(name[i]); found != wanted.end()) {
      wanted.erase(found);
    } else if (left.empty() && !is_qualifier(name, i)) {
      left = name[i];
    }
  }
  return wanted.empty() ? std::optional(left) : std::nullopt;
}

std::string without_brackets(const std::string& name) { return name.substr(0, name.find(" (")); }

std::string not_understood(const char* kind, const std::string& name, const std::string& left_over) {
  const std::string shown = name.size() > 80 ? name.substr(0, 77) + "..." : name;
  if (left_over.empty() || left_over.size() > 80) return fmt::format("the catalogue has no {} '{}'", kind, shown);
  return fmt::format("the catalogue has no {} '{}': '{}' is not understood", kind, shown, left_over);
}

}  // namespace

/// Understood whole or not at all. Among records that fit better_guess decides; the reason names what the nearest
/// reading left over.
Named<const Accelerator*> find_accelerator_by_name(const Records<Accelerator>& accelerators, const std::string& name,
                                                   double memory_gb) {
  const Words wanted = words_of(name, Cut::signs);
  const Accelerator* best = nullptr;
  Reading nearest;
  for (const auto& [id, accelerator] : accelerators) {
    Reading reading = read_name(wanted, known_words(id, accelerator), accelerator);
    if (reading.whole && reading.left_over.empty() && memory_gb > 0 && !same_memory(accelerator, memory_gb)) {
      reading.left_over = fmt::format("{:g} GB", memory_gb);
    }
    const bool fits = reading.whole && reading.left_over.empty();
    if (fits && (best == nullptr || better_guess(accelerator, *best))) best = &accelerator;
    const auto rank = [](const Reading& r) {
      return std::tuple(r.whole, r.understood > 0 && !r.left_over.empty(), r.understood);
    };
    if (rank(reading) > rank(nearest)) nearest = reading;
  }
  if (best != nullptr) return {best, {}};
  return {nullptr, not_understood("accelerator", name, nearest.left_over)};
}

/// The id with most of its words in the name wins; an organisation in front ("meta-llama/...") is not part of the name.
Named<const Model*> find_model_by_name(const Catalogue& catalogue, const std::string& name) {
  const auto slash = name.find('/');
  const bool organisation = slash != std::string::npos && name.find(' ') == std::string::npos;
  const Words wanted = words_of(organisation ? std::string_view(name).substr(slash + 1) : std::string_view(name),
                                Cut::letters_from_digits);
  const Model* best = nullptr;
  std::size_t most = 0;
  std::string left;
  const auto offer = [&](const std::string& id, const Model& model) {
    const Words own = words_of(id, Cut::letters_from_digits);
    const auto left_over = left_over_of(wanted, own);
    if (!left_over || own.size() <= most) return;
    best = left_over->empty() ? &model : nullptr, most = own.size(), left = *left_over;
  };
  for (const auto& [id, model] : catalogue.models) offer(id, model);
  for (const auto& alias : kAliases) {
    const auto model = catalogue.models.find(alias.model);
    if (model != catalogue.models.end()) offer(alias.name, model->second);
  }
  if (best != nullptr) return {best, {}};
  return {nullptr, not_understood("model", name, left)};
}

Named<std::string> find_engine_by_name(const std::string& name) {
  struct Engine {
    const char* id;
    std::array<const char*, 3> first;  ///< any of them names it
    std::set<std::string> also;        ///< what may stand beside it: builds, back ends and what it runs under
  };
  static const std::array<Engine, 3> engines = {{
      {"trtllm", {"tensorrt", "trtllm", "trt"}, {"llm", "pytorch", "backend", "engine", "dynamo", "triton", "nvidia"}},
      {"sglang", {"sglang", "", ""}, {"dynamo", "mooncake", "router", "rocm"}},
      {"vllm",
       {"vllm", "", ""},
       {"dynamo", "mooncakeconnector", "mooncake", "rocm", "gaudi", "tpu", "fork", "splitwise", "v0", "v1"}},
  }};
  const Words words = words_of(name, Cut::signs);
  for (const Engine& engine : engines) {
    const auto names_it = [&](const std::string& word) {
      return std::find(engine.first.begin(), engine.first.end(), word) != engine.first.end();
    };
    if (std::none_of(words.begin(), words.end(), names_it)) continue;
    for (const auto& word : words) {
      if (!names_it(word) && !engine.also.contains(word)) return {{}, not_understood("engine", name, word)};
    }
    return {engine.id, {}};
  }
  return {{}, fmt::format("no coefficients of the engine '{}'", name)};
}

Named<Precision> find_precision_by_name(const std::string& name) {
  static const std::map<std::string, Precision> names = {
      {"fp4", Precision::fp4},      {"nvfp4", Precision::fp4}, {"mxfp4", Precision::fp4}, {"fp8", Precision::fp8},
      {"mxfp8", Precision::fp8},    {"int8", Precision::int8}, {"bf16", Precision::bf16}, {"bfloat16", Precision::bf16},
      {"float16", Precision::bf16}, {"fp16", Precision::bf16}, {"fp32", Precision::fp32}, {"tf32", Precision::tf32}};
  /// Scaling and what is kept wide, which no law here tells apart.
  static const std::set<std::string> also = {"pure",   "e4m3",  "e5m2",      "mx",      "cs",
                                             "hybrid", "amp",   "mixed",     "fine",    "grained",
                                             "per",    "block", "blockwise", "weights", "tensor"};
  std::optional<Precision> found;
  for (const auto& word : words_of(without_brackets(name), Cut::signs)) {
    const auto known = names.find(word);
    if (known != names.end() && !found) {
      found = known->second;
    } else if (known == names.end() && !also.contains(word)) {
      return {{}, fmt::format("the precision '{}' is not known: '{}' is not understood", name, word)};
    }
  }
  if (!found) return {{}, fmt::format("the precision '{}' is not known", name)};
  return {*found, {}};
}

}  // namespace stargate
