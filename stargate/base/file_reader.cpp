// The disk. A file over 64 MiB is refused: no study, record or model description is near that. What is written is
// written beside its name and renamed, so that a full disk or a kill leaves what was there before.
#include "stargate/base/file_reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace stargate {
namespace fs = std::filesystem;

namespace {
constexpr std::uintmax_t kLargestFile = 64u << 20;

Diagnostic file_fault(const std::string& path, const std::string& message, const std::string& hint = {}) {
  return {.file = path, .line = 0, .column = 0, .path = {}, .message = message, .hint = hint, .text = {}};
}

Diagnostic not_written(const std::string& path, const std::string& reason) {
  return {.file = path,
          .line = 0,
          .column = 0,
          .path = {},
          .message = "cannot be written: " + reason,
          .hint = "check the folder and the free space",
          .text = {}};
}

/// Closes `descriptor`. The empty text when all of `content` is with the system, else the reason.
std::string write_and_close(int descriptor, const std::string& content, bool to_disk) {
  std::string reason;
  for (std::size_t done = 0; done < content.size() && reason.empty();) {
    const auto count = ::write(descriptor, content.data() + done, content.size() - done);
    if (count >= 0) {
      done += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      reason = std::strerror(errno);
    }
  }
  if (reason.empty() && to_disk && ::fsync(descriptor) != 0) reason = std::strerror(errno);
  if (::close(descriptor) != 0 && reason.empty()) reason = std::strerror(errno);
  return reason;
}

}  // namespace

/// The size is checked again while reading: a device or a pipe has none, and a file may grow.
Result<std::string> DiskFileReader::read(const std::string& path) const {
  std::error_code error;
  if (!fs::exists(path, error)) return file_fault(path, "no such file");
  if (!fs::is_regular_file(path, error)) return file_fault(path, "is not a file");
  if (const auto size = fs::file_size(path, error); !error && size > kLargestFile) {
    return file_fault(path, "is larger than 64 MiB");
  }
  std::ifstream in(path, std::ios::binary);
  std::string content;
  char block[1 << 16];
  while (in.read(block, sizeof block) || in.gcount() > 0) {
    content.append(block, static_cast<std::size_t>(in.gcount()));
    if (content.size() > kLargestFile) return file_fault(path, "is larger than 64 MiB");
  }
  if (!in.eof()) return file_fault(path, std::string("cannot be read: ") + std::strerror(errno));
  return content;
}

std::vector<std::string> DiskFileReader::list(const std::string& folder, const std::string& suffix) const {
  std::vector<std::string> paths;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->is_regular_file(error) && it->path().filename().string().ends_with(suffix)) {
      paths.push_back(it->path().generic_string());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// A link stays one: the file it names is replaced. A device or pipe (/dev/stdout) is written to as it is.
Check write_file(const std::string& path, const std::string& content) {
  std::error_code error;
  if (const auto folder = fs::path(path).parent_path(); !folder.empty()) {
    fs::create_directories(folder, error);
    if (error && !fs::is_directory(folder)) return not_written(path, error.message());
  }
  const bool exists = fs::exists(path, error);
  if (fs::is_directory(path, error)) return not_written(path, "is a folder");
  if (exists && !fs::is_regular_file(path, error)) {
    const int device = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (device < 0) return not_written(path, std::strerror(errno));
    if (auto reason = write_and_close(device, content, false); !reason.empty()) return not_written(path, reason);
    return Done{};
  }
  const std::string target = exists ? fs::canonical(path, error).string() : path;
  if (exists && ::access(target.c_str(), W_OK) != 0) return not_written(path, std::strerror(errno));
  const std::string beside = target + ".part-" + std::to_string(::getpid());
  const int part = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (part < 0) return not_written(path, std::strerror(errno));
  std::string reason = write_and_close(part, content, true);
  if (reason.empty() && exists) fs::permissions(beside, fs::status(target).permissions(), error);
  if (reason.empty() && ::rename(beside.c_str(), target.c_str()) != 0) reason = std::strerror(errno);
  if (reason.empty()) return Done{};
  ::unlink(beside.c_str());
  return not_written(path, reason);
}

}  // namespace stargate
