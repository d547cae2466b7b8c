// A file is the same under every name that leads to it: links and other spellings count.
#include "stargate/app/remembered_files.hpp"

#include <filesystem>

namespace stargate {

Result<std::string> RememberedFiles::read(const std::string& path) const {
  auto content = disk_.read(path);
  if (content.ok()) {
    const std::lock_guard lock(*mutex_);
    read_.insert(path);
  }
  return content;
}

std::vector<std::string> RememberedFiles::list(const std::string& folder, const std::string& suffix) const {
  return disk_.list(folder, suffix);
}

bool RememberedFiles::was_read(const std::string& path) const {
  const std::lock_guard lock(*mutex_);
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  for (const auto& other : read_) {
    if (std::filesystem::equivalent(path, other, error)) return true;
  }
  return false;
}

}  // namespace stargate
