// The catalogue with one system, its accelerator, the kernels of its architecture and a few models: loaded in a
// fraction of the time, for laws that load it once for each change of a field.
#pragma once

#include <set>

#include "shipped.hpp"

namespace stargate {

class FewFiles final : public FileReader {
 public:
  /// `system`: an id of the shipped catalogue; `models`: ids.
  FewFiles(const std::string& system, std::set<std::string> models);
  Result<std::string> read(const std::string& path) const override { return disk_.read(path); }
  std::vector<std::string> list(const std::string& folder, const std::string& suffix) const override;

 private:
  bool is_other(const std::string& folder, const std::string& stem) const;

  DiskFileReader disk_;
  std::string system_, accelerator_;
  std::set<std::string> models_, alike_;  ///< accelerators of the architecture, which lend each other their kernels
};

}  // namespace stargate
