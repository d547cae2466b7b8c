// The disk that knows what an answer was made from, so that no output replaces it.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "stargate/base/file_reader.hpp"

namespace stargate {

/// The disk, which remembers what was read: an answer is never written over what it was made from.
class RememberedFiles final : public FileReader {
 public:
  Result<std::string> read(const std::string& path) const override;
  std::vector<std::string> list(const std::string& folder, const std::string& suffix) const override;
  /// Whether `path` names a file that was read, by this or by another name. False for a path that is no regular file
  /// yet. Thread-safe, as read() is.
  bool was_read(const std::string& path) const;

 private:
  DiskFileReader disk_;
  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();  ///< questions read on several threads
  mutable std::set<std::string> read_;                                  ///< what was_read answers from
};

}  // namespace stargate
