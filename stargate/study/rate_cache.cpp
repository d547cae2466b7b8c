// An entry is a text, a field a line; numbers are written in base 16, so that they come back to the last digit.
#include "stargate/study/rate_cache.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <span>

namespace stargate {
namespace {

constexpr const char* kHeading = "stargate rate 1";
/// Folders of the catalogue that no rate depends on.
constexpr const char* kPlaces[] = {"/sites/", "/routes/", "/suppliers/", "/rentals/", "/reliability/"};
constexpr const char* kPlaceKinds[] = {"site:", "route:", "supplier:", "rental:", "reliability:"};

/// Two runs of FNV-1a (Fowler, Noll, Vo) with different beginnings: 128 bits of any text.
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

bool mentions(const std::string& path, std::span<const char* const> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](const char* word) { return path.find(word) != std::string::npos; });
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
                                "end"};
  std::string text;
  for (const auto& field : fields) text += field + "\n";
  return text;
}

std::optional<MachineRate> parse_entry(const std::string& text) {
  const auto lines = lines_of(text);
  if (lines.size() != 14 || lines.front() != kHeading || lines.back() != "end") return std::nullopt;
  MachineRate r{lines[1], lines[2], lines[3]};
  r.per_accelerator = std::strtod(lines[4].c_str(), nullptr) * token / second;
  r.layout = lines[5], r.engine = lines[6], r.mode = lines[7], r.precision = lines[8];
  r.accelerators = std::strtoll(lines[9].c_str(), nullptr, 10);
  r.limit = lines[10], r.law = lines[12];
  r.origin = static_cast<LawOrigin>(std::strtol(lines[11].c_str(), nullptr, 10));
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

RateCache::RateCache(std::string folder, const FileReader& files, const std::string& catalogue_folder,
                     const CatalogueChanges& changes)
    : folder_(std::move(folder)), files_(&files) {
  if (folder_.empty()) return;
  Fingerprint basis;
  const auto program = DiskFileReader{}.read("/proc/self/exe");
  if (!program) {  // what made an entry could not be told
    folder_.clear();
    return;
  }
  basis.add(*program);
  for (const auto& path : files.list(catalogue_folder, "")) {
    if (mentions(path, kPlaces)) continue;
    const auto text = files.read(path);
    basis.add(path.substr(catalogue_folder.size()));
    basis.add(text ? *text : "");
  }
  for (const auto& change : changes.set) {
    if (!mentions(change.path.substr(0, change.path.find(':') + 1), kPlaceKinds))
      basis.add(change.path + "=" + change.value);
  }
  for (const auto& name : changes.without) {
    if (!mentions(name, kPlaceKinds)) basis.add("without " + name);
  }
  basis_ = basis.text();
}

std::string RateCache::path(const StudyServiceSpec& service, const System& system) const {
  Fingerprint asked;
  asked.add(basis_);
  asked.add(service.service), asked.add(service.asked), asked.add(system.id);
  return folder_ + "/rates/" + asked.text();
}

std::optional<MachineRate> RateCache::find(const StudyServiceSpec& service, const System& system) const {
  if (folder_.empty()) return std::nullopt;
  const auto text = DiskFileReader{}.read(path(service, system));
  return text ? parse_entry(*text) : std::nullopt;
}

void RateCache::keep(const StudyServiceSpec& service, const System& system, const MachineRate& rate) const {
  if (folder_.empty()) return;
  const Check written = write_file(path(service, system), format_entry(rate));
  (void)written.ok();  // a folder that cannot be written costs time, not the answer
}

}  // namespace stargate
