// The modules that a quantised file leaves in 16 bits, from the tools' lists: modules_to_not_convert (fbgemm, AWQ,
// fp8), ignore (compressed-tensors), exclude_modules (ModelOpt, Quark), ignored_layers. An item names a module by its
// path or a part of it between dots ("model.layers.0.self_attn.q_proj", "layers.0.mlp", "self_attn"), with * for any
// text ("*self_attn*") or as an expression ("re:.*self_attn.*").
#include <set>

#include "stargate/catalogue/model_layers.hpp"

namespace stargate {
namespace {

/// * stands for any text, none too.
bool glob_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, from = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++, from = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1, t = ++from;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

/// Expressions as the tools write them use no more than dots, ".*" and anchors.
std::string pattern_of(std::string item) {
  if (item.starts_with("re:")) {
    std::string out;
    for (std::size_t i = 3; i < item.size(); ++i) {
      const char c = item[i];
      if (c == '^' || c == '$' || c == '\\') continue;
      if (c == '.' && i + 1 < item.size() && item[i + 1] == '*') continue;
      out += c;
    }
    item = out;
  }
  // Wrappers of the language model before its layers ("model.language_model.") differ from file to file.
  const auto layers = item.find("layers.");
  if (layers != std::string::npos && item.find('*') > layers) item = item.substr(layers);
  return item;
}

class LeftOut {
 public:
  explicit LeftOut(const Node& config) {
    for (const char* key : {"modules_to_not_convert", "ignore", "exclude_modules", "ignored_layers"}) {
      const Node* list = config.find(key);
      if (list == nullptr) continue;
      for (const auto& item : list->items) {
        std::string pattern = pattern_of(item.text);
        if (pattern.find('*') != std::string::npos) {
          globs_.push_back(std::move(pattern));
        } else {
          names_.insert(std::move(pattern));
        }
      }
    }
  }
  bool empty() const { return names_.empty() && globs_.empty(); }

  /// Whether some part of the path between dots is listed.
  bool has(const std::string& path) const {
    for (const auto& glob : globs_) {
      for (std::size_t end = path.size(); end != std::string::npos && end > 0; end = path.rfind('.', end - 1)) {
        const std::string_view part(path.data(), end);
        if (glob_matches(glob, part) || glob_matches("*." + glob, part)) return true;
      }
    }
    for (std::size_t begin = 0; begin != std::string::npos;) {
      for (std::size_t end = path.size(); end != std::string::npos && end > begin; end = path.rfind('.', end - 1)) {
        if (names_.contains(path.substr(begin, end - begin))) return true;
      }
      const auto dot = path.find('.', begin);
      begin = dot == std::string::npos ? dot : dot + 1;
    }
    return false;
  }

 private:
  std::set<std::string> names_;
  std::vector<std::string> globs_;
};

struct Part {
  const char* name;
  double parameters;
};

/// Matrices of attention and of the dense feed-forward under the names that most files use.
std::vector<Part> parts_of(const Model& model, const LayerShape& layer) {
  const auto& a = layer.attention;
  const auto& f = layer.feed_forward;
  const double h = model.hidden;
  std::vector<Part> parts;
  if (a.kind == AttentionKind::full || a.kind == AttentionKind::sliding) {
    const double queries = h * a.heads * a.head_dim, keys = h * a.kv_heads * a.head_dim;
    parts = {{"self_attn.q_proj", queries * (a.output_gate ? 2 : 1)},
             {"self_attn.k_proj", keys},
             {"self_attn.v_proj", a.keys_are_values ? 0 : h * a.kv_heads * a.value_dim},
             {"self_attn.o_proj", h * a.heads * a.value_dim}};
  }
  const bool experts = f.kind == FeedForwardKind::experts;
  const double width = experts ? f.shared_width : f.kind == FeedForwardKind::dense ? f.width : 0;
  if (width > 0) {
    parts.push_back({experts ? "mlp.shared_experts.up_proj" : "mlp.up_proj", h * width});
    parts.push_back({experts ? "mlp.shared_experts.down_proj" : "mlp.down_proj", h * width});
    if (f.gated) parts.push_back({experts ? "mlp.shared_experts.gate_proj" : "mlp.gate_proj", h * width});
  }
  return parts;
}

}  // namespace

double unquantised_parameters(const Model& model, const Node& config) {
  const LeftOut left_out(config);
  if (left_out.empty()) return 0;
  double sum = 0;
  for (int i = 0; i < model.layer_count(); ++i) {
    const std::string layer = "layers." + std::to_string(i) + ".";
    for (const auto& part : parts_of(model, model.layer(i))) {
      if (left_out.has(layer + part.name)) sum += part.parameters;
    }
  }
  return sum;
}

}  // namespace stargate
