// Where measured data lie. They are not in the repository: a test that reads them belongs to the test suite "measured
// data", which CTest runs apart as data.<module>, and says why it skips where they are absent.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>

namespace stargate {

/// The path of `file` below the folder that STARGATE_DATA names. Nothing, with the reason on stdout, when the variable
/// is unset or empty, or when the folder has no such file.
inline std::optional<std::string> measured_data(const std::string& file) {
  const char* folder = std::getenv("STARGATE_DATA");
  if (folder == nullptr || *folder == '\0') {
    std::cout << "skipped: STARGATE_DATA names no folder of measured data\n";
    return std::nullopt;
  }
  std::string path = std::string(folder) + "/" + file;
  if (!std::filesystem::exists(path)) {
    std::cout << "skipped: there is no " << path << '\n';
    return std::nullopt;
  }
  return path;
}

}  // namespace stargate
