// The files of the system and its accelerator say which records the job's parts are, before anything is loaded.
#include "stargate/questions/job_changes.hpp"

#include <algorithm>

#include "stargate/questions/record_document.hpp"

namespace stargate {
namespace {

constexpr const char* kParts[] = {"accelerator", "system", "scale_up", "scale_out", "network", "coefficients"};

std::vector<std::string> words_of(const std::string& path) {
  std::vector<std::string> words(1);
  for (const char c : path) {
    if (c == '.') {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

/// The words joined by '_' as far as they name a field; what is left goes into it: "peak.bf16", "price.mid". The
/// longest name wins: "memory.bandwidth" is memory_bandwidth before it is `bandwidth` inside `memory`.
std::optional<std::string> field_path(const std::vector<std::string>& words, const RecordText& record) {
  for (std::size_t used = words.size(); used > 0; --used) {
    std::string name = words[0], rest;
    for (std::size_t i = 1; i < words.size(); ++i) (i < used ? name : rest) += (i < used ? '_' : '.') + words[i];
    const auto field =
        std::find_if(record.fields.begin(), record.fields.end(), [&](const FieldText& f) { return f.name == name; });
    if (field == record.fields.end()) continue;
    const bool has_parts = field->nested != nullptr || field->type.starts_with("mapping of");
    if (rest.empty() || has_parts) return name + rest;
  }
  return std::nullopt;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out = words[0];
  for (std::size_t i = 1; i < words.size(); ++i) out += "_" + words[i];
  return out;
}

const RecordText& record_text(const std::string& kind) {
  const auto& kinds = record_kinds();
  return *std::find_if(kinds.begin(), kinds.end(), [&](const auto& k) { return k.name == kind; })->fields;
}

struct Part {
  std::string kind, id;
};

/// What the files of a system and its accelerator say.
struct JobParts {
  std::string system, accelerator, scale_up, scale_out, coefficients;
  bool own_scale_up = false, own_scale_out = false;  ///< the accelerator says how fast its links are
};

std::string text_of(const Document& document, const char* field) {
  const Node* node = document.root.find(field);
  return node == nullptr ? std::string() : node->text;
}

/// From the files alone: the changes are to be known before the catalogue is loaded with them. Faults: of files or ids.
Result<JobParts> find_parts(const QuestionContext& context, const std::string& system_id) {
  auto system = read_record_document(context, "system", system_id);
  if (!system) return system.faults();
  auto accelerator = read_record_document(context, "accelerator", text_of(*system, "accelerator"));
  if (!accelerator) return accelerator.faults();
  const auto coefficients = listed_ids(context, "training");
  return JobParts{system_id,
                  text_of(*system, "accelerator"),
                  text_of(*system, "scale_up"),
                  text_of(*system, "scale_out"),
                  coefficients.empty() ? std::string() : coefficients.front(),
                  accelerator->root.find("scale_up_bandwidth") != nullptr,
                  accelerator->root.find("scale_out_bandwidth") != nullptr};
}

class Expansion {
 public:
  explicit Expansion(JobParts parts) : parts_(std::move(parts)) {}

  Result<Override> expand(const Override& change) const {
    std::vector<std::string> words = words_of(change.path);
    const std::string first = words.front();
    words.erase(words.begin());
    const auto part = part_named(first);
    if (!part) {
      const std::vector<std::string> known(std::begin(kParts), std::end(kParts));
      return fault(change, "'" + first + "' is no part of the job and no record",
                   suggest_name(first, known) + " Or begin with a record, such as accelerator:h100-sxm.");
    }
    if (words.empty()) return fault(change, "names a record, not a value", "go on to one of its fields");
    if (const auto own = accelerator_link(first, words))
      return Override{"accelerator:" + parts_.accelerator + *own, change.value};
    const RecordText& record = record_text(part->kind);
    if (const auto path = field_path(words, record)) {
      return Override{part->kind + ":" + part->id + "." + *path, change.value};
    }
    std::vector<std::string> known;
    for (const auto& field : record.fields) known.push_back(field.name);
    return fault(change, "there is no '" + joined(words) + "' in " + part->kind + ":" + part->id,
                 suggest_name(nearest_name(joined(words), known).empty() ? words[0] : joined(words), known));
  }

 private:
  static Diagnostic fault(const Override& change, const std::string& message, const std::string& hint) {
    return {"--set " + change.path + "=" + change.value, 0, 0, {}, message, hint, {}};
  }

  std::optional<Part> part_named(const std::string& word) const {
    if (word == "accelerator") return Part{word, parts_.accelerator};
    if (word == "system") return Part{word, parts_.system};
    if (word == "scale_up") return Part{"network", parts_.scale_up};
    if (word == "scale_out" || word == "network") return Part{"network", parts_.scale_out};
    if (word == "coefficients" && !parts_.coefficients.empty()) return Part{"training", parts_.coefficients};
    return std::nullopt;
  }

  /// An accelerator that says how fast its links are goes before the network's record (see make_fabric).
  std::optional<std::string> accelerator_link(const std::string& part, const std::vector<std::string>& words) const {
    if (words.size() != 1 || words[0] != "bandwidth") return std::nullopt;
    if (part == "scale_up" && parts_.own_scale_up) return ".scale_up_bandwidth";
    const bool out = part == "scale_out" || part == "network";
    if (out && parts_.own_scale_out) return ".scale_out_bandwidth";
    return std::nullopt;
  }

  JobParts parts_;
};

}  // namespace

Result<CatalogueChanges> make_job_changes(const QuestionContext& context, const ChangeFields& fields,
                                          const std::string& system) {
  auto changes = parse_changes(asked_changes(context, fields));
  if (!changes) return changes.faults();
  CatalogueChanges out = changes->catalogue;
  if (changes->study.empty()) return out;
  auto parts = find_parts(context, system);
  if (!parts) return parts.faults();
  Diagnostics faults;
  const Expansion expansion(std::move(*parts));
  for (const Override& change : changes->study) {
    auto expanded = expansion.expand(change);
    if (expanded) {
      out.set.push_back(*expanded);
    } else {
      faults.insert(faults.end(), expanded.faults().begin(), expanded.faults().end());
    }
  }
  if (!faults.empty()) return faults;
  return out;
}

}  // namespace stargate
