// The disk. A file over 64 MiB is refused: no study, record or model description is near that.
#include "stargate/base/file_reader.hpp"

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
}  // namespace

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

Check write_file(const std::string& path, const std::string& content) {
  std::error_code error;
  if (const auto parent = fs::path(path).parent_path(); !parent.empty()) fs::create_directories(parent, error);
  std::ofstream out(path, std::ios::binary);
  out << content;
  out.flush();
  if (!out) return file_fault(path, std::string("cannot be written: ") + std::strerror(errno), "check the folder and the free space");
  return Done{};
}

}  // namespace stargate
