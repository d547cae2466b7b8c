// Rates kept from one run to the next, by content: an entry's name is a hash of everything its rate depends on (the
// program itself, the catalogue's files and changes to them, the service as it is asked, the system), so an entry is
// never stale. The folder may be removed at any time; an entry that cannot be read is made again.
#pragma once

#include "stargate/catalogue/catalogue.hpp"
#include "stargate/study/rates.hpp"

namespace stargate {

/// $STARGATE_CACHE, or stargate below $XDG_CACHE_HOME or ~/.cache; empty ("off", or no home): nothing is kept.
std::string usual_cache_folder();

class RateCache {
 public:
  /// Keeps nothing.
  RateCache() = default;
  /// Reads the catalogue's files as they are below `catalogue_folder`.
  RateCache(std::string folder, const FileReader& files, const std::string& catalogue_folder,
            const CatalogueChanges& changes);

  std::optional<MachineRate> find(const StudyServiceSpec& service, const System& system) const;
  void keep(const StudyServiceSpec& service, const System& system, const MachineRate& rate) const;

 private:
  std::string path(const StudyServiceSpec& service, const System& system) const;

  std::string folder_, basis_;
  const FileReader* files_ = nullptr;
};

}  // namespace stargate
