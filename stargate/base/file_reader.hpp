// The file system behind an interface, so that loading and its error messages are tested without one.
#pragma once

#include <string>
#include <vector>

#include "stargate/base/result.hpp"

namespace stargate {

class FileReader {
 public:
  virtual ~FileReader() = default;
  virtual Result<std::string> read(const std::string& path) const = 0;
  /// Files below `folder` (recursively) whose name ends in `suffix`, sorted by path. Empty when there is none.
  virtual std::vector<std::string> list(const std::string& folder, const std::string& suffix) const = 0;
};

class DiskFileReader final : public FileReader {
 public:
  Result<std::string> read(const std::string& path) const override;
  std::vector<std::string> list(const std::string& folder, const std::string& suffix) const override;
};

/// Writes a file, making its folder; a fault names the path and the system's reason.
Check write_file(const std::string& path, const std::string& content);

}  // namespace stargate
