// Files on the disk of the test.
#include "stargate/base/file_reader.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace stargate {
namespace {
namespace fs = std::filesystem;

struct Folder {
  fs::path path = fs::temp_directory_path() / "stargate_write_file_test";
  Folder() { fs::remove_all(path), fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  std::string at(const char* name) const { return (path / name).string(); }
};

std::string content_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST_CASE("a file is replaced whole, keeps its mode, and leaves nothing beside it") {
  const Folder folder;
  REQUIRE(write_file(folder.at("deep/er/a.csv"), "first").ok());
  fs::permissions(folder.at("deep/er/a.csv"), fs::perms::owner_read | fs::perms::owner_write);
  REQUIRE(write_file(folder.at("deep/er/a.csv"), "second").ok());
  CHECK(content_of(folder.at("deep/er/a.csv")) == "second");
  CHECK(fs::status(folder.at("deep/er/a.csv")).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(std::distance(fs::directory_iterator(folder.path / "deep/er"), fs::directory_iterator()) == 1);
}

TEST_CASE("a link stays a link to the file that is replaced") {
  const Folder folder;
  REQUIRE(write_file(folder.at("a"), "first").ok());
  fs::create_symlink("a", folder.at("link"));
  REQUIRE(write_file(folder.at("link"), "second").ok());
  CHECK(fs::is_symlink(folder.at("link")));
  CHECK(content_of(folder.at("a")) == "second");
}

TEST_CASE("what cannot be written is a fault that names the path, and a full disk loses nothing") {
  const Folder folder;
  REQUIRE(write_file(folder.at("a"), "first").ok());
  for (const std::string& path : {folder.at("a/b"), folder.path.string(), std::string("/dev/full")}) {
    const auto written = write_file(path, "x");
    REQUIRE(!written.ok());
    CHECK(written.faults()[0].file == path);
    CHECK(written.faults()[0].message.starts_with("cannot be written: "));
  }
  CHECK(content_of(folder.at("a")) == "first");
}

TEST_CASE("a device is written to as it is") { CHECK(write_file("/dev/null", "x").ok()); }

}  // namespace
}  // namespace stargate
