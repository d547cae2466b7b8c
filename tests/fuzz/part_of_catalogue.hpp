// Part of the shipped catalogue as a file system: one system, some models, every engine and what they name. A fuzz
// target loads it in a tenth of the time of the whole. Files outside the catalogue are the disk's.
#pragma once

#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "stargate/base/file_reader.hpp"

namespace stargate {

class PartOfCatalogue final : public FileReader {
 public:
  static constexpr const char* kFolder = STARGATE_SOURCE_DIR "/catalogue";

  /// The file whose text is another, relative to the catalogue ("systems/hgx-h100.yaml"), and that text.
  std::string replaced, text;

  Result<std::string> read(const std::string& path) const override {
    if (!replaced.empty() && path == kFolder + ("/" + replaced)) return text;
    const auto kept = files().find(path);
    return kept == files().end() ? DiskFileReader().read(path) : kept->second;
  }
  std::vector<std::string> list(const std::string& folder, const std::string& suffix) const override {
    if (!folder.starts_with(kFolder)) return DiskFileReader().list(folder, suffix);
    std::vector<std::string> out;
    for (const auto& [path, content] : files()) {
      if (path.starts_with(folder + "/") && path.ends_with(suffix)) out.push_back(path);
    }
    return out;
  }
  /// Text by path.
  static const std::map<std::string, std::string>& files() {
    static const auto kept = choose();
    return kept;
  }

 private:
  static std::map<std::string, std::string> choose() {
    constexpr std::array roots{"/systems/hgx-h100.yaml",     "/models/llama-3.1-8b.json", "/models/deepseek-v3.json",
                               "/models/qwen3-30b-a3b.json", "/reliability/llama-3-h100.yaml", "/rentals/h100-sxm.yaml",
                               "/owners/hyperscaler.yaml",   "/training/coefficients.yaml", "/sources.yaml",
                               "/expected_errors.yaml"};
    const DiskFileReader disk;
    const auto all = disk.list(kFolder, "");
    std::map<std::string, std::string> kept;
    std::vector<std::string> open(roots.begin(), roots.end());
    for (auto& path : open) path = kFolder + path;
    for (const auto& path : all) {
      if (path.find("/engines/") != std::string::npos) open.push_back(path);
    }
    while (!open.empty()) {
      const std::string path = open.back();
      open.pop_back();
      auto content = disk.read(path);
      if (!content.ok() || !kept.emplace(path, *content).second) continue;
      if (path.ends_with("/sources.yaml")) continue;
      const auto named = words(*content);
      for (const auto& other : all) {
        if (named.contains(stem(other)) && may_be_named(other)) open.push_back(other);
      }
    }
    return kept;
  }
  /// Kinds that a record of the roots names; of calibration, what is fitted to a device that is kept.
  static bool may_be_named(const std::string& path) {
    for (const char* folder : {"/accelerators/", "/architectures/", "/cpus/", "/memories/", "/networks/", "/calibration/"}) {
      if (path.find(folder) != std::string::npos) return true;
    }
    return false;
  }
  static std::string stem(const std::string& path) {
    const std::string name = path.substr(path.rfind('/') + 1);
    return name.substr(0, path.find("/calibration/") != std::string::npos ? name.find('.') : name.rfind('.'));
  }
  static std::set<std::string> words(const std::string& content) {
    std::set<std::string> out;
    std::string word;
    for (const char c : content + "\n") {
      if (std::string(" \t\n,:[]{}\"'").find(c) == std::string::npos) {
        word += c;
      } else {
        out.insert(word);
        word.clear();
      }
    }
    return out;
  }
};

}  // namespace stargate
