// The records of the catalogue that a rate depends on. Machines are rated with these records and no others
// (catalogue_part), so what is not named here cannot change a rate, and kept rates (rate_cache.hpp) are never stale.
#pragma once

#include "stargate/catalogue/catalogue.hpp"
#include "stargate/study/spec.hpp"

namespace stargate {

/// Names of records, "kind:id", sorted.
struct RateBasis {
  /// As they are asked about, with their changes: the system and those with the same accelerator (a network's change
  /// reaches an accelerator that no other network serves), the accelerator with its architecture and memory, the
  /// networks, the model; for serving the engines that may run there, for training its coefficients; the calibrations
  /// of all devices, since what nobody near measured is taken from all, those of networks of its vendor's alone; the
  /// architectures of devices it is no worse than, whose kernels it may run.
  std::vector<std::string> records;
  /// Other accelerators. Which of them lend, and which it is no worse than, is decided by what their files say.
  std::vector<std::string> lenders;
  /// The other architectures, of which only this decides who lends to whom.
  struct Kinship {
    std::string architecture, family;  ///< ids of architecture records
    bool from_whole_runs = false;      ///< nobody lends to it
  };
  std::vector<Kinship> kinships;  ///< an entry an architecture
};

/// Of a service on a system; both are in the catalogue.
RateBasis rate_basis(const Catalogue& catalogue, const StudyServiceSpec& service, const System& system);

/// Those records alone, the lenders as they were before any change, and of other architectures their kinship.
Catalogue catalogue_part(const Catalogue& catalogue, const RateBasis& basis);

}  // namespace stargate
