// An entry is a text, a field a line; numbers are written in base 16, so that they come back to the last digit.
#include "stargate/study/rate_cache.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace stargate {
namespace embedded {
extern const std::string_view rating_sources;  // a hash of them (cmake/source_fingerprint.cmake)
}
namespace {

constexpr const char* kHeading = "stargate rate 3";

/// Two runs of FNV-1a (Fowler, Noll, Vo) with different beginnings: 128 bits of any text. Not for secrets: it need only
/// tell apart what people write.
class Fingerprint {
 public:
  void add(std::string_view text) {
    for (const char c : text) step(static_cast<unsigned char>(c));
    step(0xFF);  // so that the parts "ab", "c" and "a", "bc" differ
  }
  std::string text() const { return fmt::format("{:016x}{:016x}", a_, b_); }

 private:
  void step(std::uint64_t byte) {
    constexpr std::uint64_t prime = 0x100000001b3;
    a_ = (a_ ^ byte) * prime;
    b_ = ((b_ ^ byte) * prime) + (b_ >> 29);
  }
  std::uint64_t a_ = 0xcbf29ce484222325, b_ = 0x84222325cbf29ce4;
};

std::string fingerprint(std::string_view text) {
  Fingerprint out;
  out.add(text);
  return out.text();
}

/// "accelerator:h100-sxm.price.mid", of a record's name.
bool is_price(const std::string& path, const std::string& name) {
  const std::string_view field = std::string_view(path).substr(name.size() + 1);
  return field == "price" || field.starts_with("price.");
}

std::string file_stem(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  return name.substr(0, name.rfind('.'));
}

/// Shares in order of their origins; the whole line is read back.
std::string format_shares(const LawShares& shares) {
  std::string line;
  for (const double share : shares.of) line += fmt::format("{}{:a}", line.empty() ? "" : " ", share);
  return line;
}

LawShares parse_shares(const std::string& line) {
  LawShares out;
  const char* at = line.c_str();
  for (double& share : out.of) {
    char* end = nullptr;
    share = std::strtod(at, &end);
    at = end;
  }
  return out;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

/// A line a field; the rate as a hexadecimal float, so that it reads back to the last bit.
std::string format_entry(const MachineRate& r) {
  const std::string fields[] = {kHeading,
                                r.service,
                                r.system,
                                r.accelerator,
                                fmt::format("{:a}", r.per_accelerator.base()),
                                r.layout,
                                r.engine,
                                r.mode,
                                r.precision,
                                std::to_string(r.accelerators),
                                r.limit,
                                std::to_string(static_cast<int>(r.origin)),
                                r.law,
                                format_shares(r.shares),
                                fmt::format("{}", fmt::join(r.sizes, " ")),
                                r.ranged ? "ranged" : "fixed",
                                fmt::format("{:a}", r.power_share),
                                "end"};
  std::string text;
  for (const auto& field : fields) text += field + "\n";
  return text;
}

/// The heading names the form: entries of another form are made again.
std::optional<MachineRate> parse_entry(const std::string& text) {
  const auto lines = lines_of(text);
  if (lines.size() != 18 || lines.front() != kHeading || lines.back() != "end") return std::nullopt;
  MachineRate r{lines[1], lines[2], lines[3]};
  r.per_accelerator = std::strtod(lines[4].c_str(), nullptr) * token / second;
  r.layout = lines[5], r.engine = lines[6], r.mode = lines[7], r.precision = lines[8];
  r.accelerators = std::strtoll(lines[9].c_str(), nullptr, 10);
  r.limit = lines[10], r.law = lines[12];
  r.origin = static_cast<LawOrigin>(std::strtol(lines[11].c_str(), nullptr, 10));
  r.shares = parse_shares(lines[13]), r.ranged = lines[15] == "ranged";
  const char* at = lines[14].c_str();
  for (int& size : r.sizes) {
    char* end = nullptr;
    size = static_cast<int>(std::strtol(at, &end, 10));
    at = end;
  }
  r.power_share = std::strtod(lines[16].c_str(), nullptr);
  return r;
}

}  // namespace

std::string usual_cache_folder() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  if (const std::string own = variable("STARGATE_CACHE"); !own.empty()) return own == "off" ? "" : own;
  if (const std::string caches = variable("XDG_CACHE_HOME"); !caches.empty()) return caches + "/stargate";
  const std::string home = variable("HOME");
  return home.empty() ? "" : home + "/.cache/stargate";
}

/// Every record's file by its content; which of them a rate depends on is known when it is asked for.
RateCache::RateCache(std::string folder, const FileReader& files, const std::string& catalogue_folder,
                     const CatalogueChanges& changes)
    : folder_(std::move(folder)), changes_(changes.set) {
  if (folder_.empty()) return;
  for (const RecordKind& kind : record_kinds()) {
    const char* ending = kind.name == "model" ? ".json" : ".yaml";
    for (const auto& path : files.list(catalogue_folder + "/" + kind.folder, ending)) {
      const auto text = files.read(path);
      if (text) written_[kind.name + ":" + file_stem(path)] = fingerprint(*text);
    }
  }
}

std::string RateCache::path(const Question& question) const {
  if (folder_.empty()) return {};
  Fingerprint asked;
  asked.add(embedded::rating_sources);
  asked.add(question.service.service), asked.add(question.service.asked), asked.add(question.system.id);
  asked.add(EnumNames<Confidence>::names[static_cast<int>(question.confidence)].first);
  const auto add = [&](const std::string& name) {
    const auto at = written_.find(name);
    STARGATE_CHECK(at != written_.end(), "a record comes from a file");
    asked.add(name), asked.add(at->second);
  };
  for (const auto& name : question.basis.records) {
    add(name);
    for (const auto& change : changes_) {
      if (change.path.starts_with(name + ".") && !is_price(change.path, name)) {
        asked.add(change.path), asked.add(change.value);
      }
    }
  }
  for (const auto& name : question.basis.lenders) asked.add("lends"), add(name);
  for (const auto& kinship : question.basis.kinships) {
    asked.add(kinship.architecture), asked.add(kinship.family), asked.add(kinship.from_whole_runs ? "whole runs" : "");
  }
  return folder_ + "/rates/" + asked.text();
}

std::optional<MachineRate> RateCache::find(const Question& question) const {
  if (folder_.empty()) return std::nullopt;
  const auto text = DiskFileReader{}.read(path(question));
  return text ? parse_entry(*text) : std::nullopt;
}

void RateCache::keep(const Question& question, const MachineRate& rate) const {
  if (folder_.empty()) return;
  const Check written = write_file(path(question), format_entry(rate));
  (void)written.ok();  // a folder that cannot be written costs time, not the answer
}

}  // namespace stargate
