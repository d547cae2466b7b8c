// main() of the laws, and the catalogue they are about.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "shipped.hpp"

namespace stargate {

const Catalogue& shipped_catalogue() {
  static const Catalogue catalogue = [] {
    auto loaded = load_catalogue(DiskFileReader(), kCatalogueFolder);
    if (!loaded) std::fputs(format_diagnostics(loaded.faults()).c_str(), stderr);
    return std::move(loaded).value();
  }();
  return catalogue;
}

}  // namespace stargate
