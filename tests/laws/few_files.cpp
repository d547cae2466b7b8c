// Folders that are needed whole (networks, memories, engines) are listed whole.
#include "few_files.hpp"

#include <algorithm>

namespace stargate {

FewFiles::FewFiles(const std::string& system, std::set<std::string> models)
    : system_(system),
      accelerator_(shipped_catalogue().systems.at(system).accelerator),
      models_(std::move(models)) {
  const std::string& architecture = shipped_catalogue().accelerators.at(accelerator_).architecture;
  for (const auto& [id, accelerator] : shipped_catalogue().accelerators) {
    if (accelerator.architecture == architecture) alike_.insert(id);
  }
}

bool FewFiles::is_other(const std::string& folder, const std::string& stem) const {
  if (folder.ends_with("/systems")) return stem != system_;
  if (folder.ends_with("/accelerators")) return !alike_.contains(stem);
  if (folder.ends_with("/calibration")) return !alike_.contains(stem.substr(0, stem.rfind('.')));
  if (folder.ends_with("/models")) return !models_.contains(stem);
  if (folder.ends_with("/suppliers")) return true;  // they name products that are not here
  const Catalogue& shipped = shipped_catalogue();
  if (folder.ends_with("/rentals")) return !alike_.contains(shipped.rentals.at(stem).accelerator);
  if (folder.ends_with("/reliability")) return !alike_.contains(shipped.reliabilities.at(stem).accelerator);
  return false;
}

std::vector<std::string> FewFiles::list(const std::string& folder, const std::string& suffix) const {
  std::vector<std::string> all = disk_.list(folder, suffix);
  const auto other = [&](const std::string& path) {
    const std::string file = path.substr(path.rfind('/') + 1);
    return is_other(folder, file.substr(0, file.rfind('.')));
  };
  all.erase(std::remove_if(all.begin(), all.end(), other), all.end());
  return all;
}

}  // namespace stargate
