// Rates kept from one run to the next, by content: an entry's name is a hash of everything its rate depends on (the
// sources of the program's rating, the service as it is asked, the system, and the records that rating may read, with
// their changes), so an entry is never stale, and a change elsewhere costs nothing. Prices are left out: no rate
// depends on one. The folder may be removed at any time; an entry that cannot be read is made again.
#pragma once

#include "stargate/catalogue/catalogue.hpp"
#include "stargate/study/rate_basis.hpp"
#include "stargate/study/rates.hpp"

namespace stargate {

/// $STARGATE_CACHE, or stargate below $XDG_CACHE_HOME or ~/.cache; empty ("off", or no home): nothing is kept.
std::string usual_cache_folder();

/// Thread-safe: entries are files written whole and renamed. Nothing here is ever a fault: a cache that does not work
/// costs time only.
class RateCache {
 public:
  /// Keeps nothing.
  RateCache() = default;
  /// Reads the catalogue's files as they are below `catalogue_folder`.
  RateCache(std::string folder, const FileReader& files, const std::string& catalogue_folder,
            const CatalogueChanges& changes);

  struct Question {
    const StudyServiceSpec& service;  ///< what is asked
    const System& system;             ///< of what machine
    RateBasis basis;                  ///< everything else the rate depends on
  };
  /// Empty when nothing is kept for exactly this question.
  std::optional<MachineRate> find(const Question& question) const;
  void keep(const Question& question, const MachineRate& rate) const;  ///< writes a file; a fault is passed over

  /// The entry's file; the empty text when nothing is kept.
  std::string path(const Question& question) const;

 private:
  std::string folder_;                          ///< one file a rate
  std::map<std::string, std::string> written_;  ///< hash of a record's file, by its name
  std::vector<Override> changes_;
};

}  // namespace stargate
