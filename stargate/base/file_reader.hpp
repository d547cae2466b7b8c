// The file system behind an interface, so that loading and its error messages are tested without one.
#pragma once

#include <string>
#include <vector>

#include "stargate/base/result.hpp"

namespace stargate {

/// Paths are as the caller writes them (relative to the working directory, or absolute) and separated by '/'.
class FileReader {
 public:
  virtual ~FileReader() = default;
  /// The whole file as bytes. A fault names the path when there is no such file, when it is no regular file, when it is
  /// over 64 MiB, or with the system's reason.
  virtual Result<std::string> read(const std::string& path) const = 0;
  /// Files below `folder` (recursively) whose name ends in `suffix`, sorted by path. Empty when there is none. A folder
  /// that does not exist is no fault: it lists nothing.
  virtual std::vector<std::string> list(const std::string& folder, const std::string& suffix) const = 0;
};

/// The real disk. Without state, so one may be shared by threads.
class DiskFileReader final : public FileReader {
 public:
  Result<std::string> read(const std::string& path) const override;
  std::vector<std::string> list(const std::string& folder, const std::string& suffix) const override;
};

/// Writes a file, making its folder; a fault names the path and the system's reason. Atomic for regular files: written
/// beside its name, synced, then renamed, so that a reader or a crash sees the old content or the new, never half. A
/// symbolic link stays one and its target is replaced, with the target's permissions.
Check write_file(const std::string& path, const std::string& content);

}  // namespace stargate
