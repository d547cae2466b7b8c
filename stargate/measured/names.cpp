// Models, accelerators and engines of measured rows by what people call them. A name is a set of words, cut at every
// sign and between letters and digits; a record fits when all words of its id are in the name, and the one with most
// words wins: "Qwen3-235B-A22B-Instruct-2507" is qwen3-235b-a22b.
#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>

#include "stargate/measured/serving_run.hpp"

namespace stargate {
namespace {

std::string lower(std::string_view text) {
  std::string out;
  for (const char c : text) out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::multiset<std::string> words(std::string_view name) {
  std::multiset<std::string> out;
  std::string word;
  const auto kind = [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return std::isdigit(u) || c == '.' ? 1 : std::isalpha(u) ? 2 : 0;
  };
  int last = 0;
  for (const char c : lower(name)) {
    const int now = kind(c);
    if (now != last && !word.empty()) out.insert(word), word.clear();
    if (now != 0) word += c;
    last = now;
  }
  if (!word.empty()) out.insert(word);
  out.erase("v");  // "LLaMA v3.1"
  return out;
}

bool contains(const std::multiset<std::string>& all, const std::multiset<std::string>& part) {
  return std::includes(all.begin(), all.end(), part.begin(), part.end());
}

/// Models that share the shape of one in the catalogue.
struct Alias {
  const char *name, *model;
};
constexpr Alias kAliases[] = {
    {"llama-3.3-70b", "llama-3.1-70b"}, {"llama-3-70b", "llama-3.1-70b"}, {"llama-3-8b", "llama-3.1-8b"},
    {"llama-70b", "llama-2-70b"},       {"llama-13b", "llama-2-13b"},     {"deepseek-r1", "deepseek-v3"},
    {"deepseek-v3.1", "deepseek-v3"},   {"kimi-k2.5", "kimi-k2"},         {"glm-4.6", "glm-4.7"},
    {"minimax-m2", "minimax-m2.5"},     {"minimax-m2.1", "minimax-m2.5"},
};

}  // namespace

const Model* find_measured_model(const Catalogue& catalogue, const std::string& name) {
  const auto slash = name.find('/');
  const bool organisation = slash != std::string::npos && name.find(' ') == std::string::npos;
  const auto wanted = words(organisation ? std::string_view(name).substr(slash + 1) : std::string_view(name));
  const Model* best = nullptr;
  std::size_t most = 0;
  const auto offer = [&](const std::string& id, const Model& model) {
    const auto own = words(id);
    if (own.size() <= most || !contains(wanted, own)) return;
    best = &model, most = own.size();
  };
  for (const auto& [id, model] : catalogue.models) offer(id, model);
  for (const auto& alias : kAliases) {
    const auto model = catalogue.models.find(alias.model);
    if (model != catalogue.models.end()) offer(alias.name, model->second);
  }
  return best;
}

const Accelerator* find_measured_accelerator(const Catalogue& catalogue, const std::string& name, double memory_gb) {
  std::multiset<std::string> wanted;
  std::string all, word;
  for (const char c : lower(name) + " ") {
    const bool in_word = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (in_word) word += c;
    if (in_word || word.empty()) continue;
    wanted.insert(word), wanted.insert(all + word);  // "Gaudi 3" is gaudi3 too
    all = word;
    word.clear();
  }
  if (wanted.contains("sxm4") || wanted.contains("sxm5")) wanted.insert("sxm");
  const Accelerator* best = nullptr;
  std::pair<double, double> best_score;
  for (const auto& [id, accelerator] : catalogue.accelerators) {
    std::string part;
    double matched = 0, missed = 0;
    bool first = true, chip = false;
    for (const char c : id + "-") {
      if (c != '-') {
        part += c;
        continue;
      }
      const bool found = wanted.contains(part);
      if (first) chip = found;
      (found ? matched : missed) += 1;
      first = false;
      part.clear();
    }
    if (!chip && !(wanted.contains("rtx") && id.starts_with("rtx") && matched >= 3)) continue;
    const double gib = accelerator.memory_capacity.base() / (1024. * 1024 * 1024);
    const double miss = memory_gb > 0 ? std::abs(std::log(gib / memory_gb)) : 0;
    // The form of the chip as far as the name states it, then the memory, then SXM where nothing is said.
    const std::pair<double, double> score{matched - (miss > 0.15 ? 1 : 0),
                                          -miss + (id.find("-sxm") != std::string::npos ? 0.01 : 0) - 0.001 * missed};
    if (best == nullptr || score > best_score) best = &accelerator, best_score = score;
  }
  return best;
}

std::string measured_engine(const std::string& name) {
  const std::string text = lower(name);
  const auto has = [&](const char* word) { return text.find(word) != std::string::npos; };
  if (has("tensorrt") || has("trt")) return "trtllm";
  if (has("sglang")) return "sglang";
  if (has("vllm")) return "vllm";
  return {};
}

}  // namespace stargate
