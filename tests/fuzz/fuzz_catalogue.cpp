// Any text as any file of the catalogue: the first line names the file, the rest stands in its place. The whole is then
// read, checked and derived with all that refers to it. To be quick it is a part of the shipped one: a few records of
// each kind and what they name.
#include "stargate/catalogue/catalogue.hpp"
#include "tests/fuzz/part_of_catalogue.hpp"

/// Each file of the part, with its name before it.
std::vector<std::string> more_seeds() {
  std::vector<std::string> seeds;
  const std::size_t root = std::string_view(stargate::PartOfCatalogue::kFolder).size() + 1;
  for (const auto& [path, text] : stargate::PartOfCatalogue::files()) seeds.push_back(path.substr(root) + "\n" + text);
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const std::size_t line = std::min(text.find('\n'), text.size());
  stargate::PartOfCatalogue files;
  files.replaced = std::string(text.substr(0, line));
  files.text = std::string(text.substr(std::min(line + 1, text.size())));
  const auto catalogue = stargate::load_catalogue(files, stargate::PartOfCatalogue::kFolder);
  if (!catalogue.ok()) static_cast<void>(stargate::format_diagnostics(catalogue.faults()));
  return 0;
}
