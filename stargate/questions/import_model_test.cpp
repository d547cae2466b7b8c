// Which model of the catalogue a configuration means: by its shape as stated or by its whole name, never by the
// nearest.
#include <doctest/doctest.h>

#include "stargate/questions/import.hpp"

using namespace stargate;

namespace {

/// One file, whatever its name; the catalogue from the disk.
class OneFile final : public FileReader {
 public:
  OneFile(std::string path, std::string text) : path_(std::move(path)), text_(std::move(text)) {}
  Result<std::string> read(const std::string& path) const override {
    return path == path_ ? Result<std::string>(text_) : disk_.read(path);
  }
  std::vector<std::string> list(const std::string& folder, const std::string& suffix) const override {
    return disk_.list(folder, suffix);
  }

 private:
  DiskFileReader disk_;
  std::string path_, text_;
};

std::string command_of(const std::string& path, const std::string& text) {
  const OneFile files(path, text);
  ImportQuestion question;
  question.file = path;
  const auto answer = answer_import(question, {files, STARGATE_SOURCE_DIR "/catalogue"});
  if (!answer) FAIL(format_diagnostics(answer.faults()));
  return answer->text();
}

std::string titan(const std::string& name, const std::string& flavor) {
  return command_of("t.toml", "[model]\nname = \"" + name + "\"\nflavor = \"" + flavor +
                                  "\"\n[parallelism]\ntensor_parallel_degree = 1\n");
}

}  // namespace

TEST_CASE("the shape as stated is the model's, down to vocabulary and key-value heads") {
  const std::string shape = "--num-layers 32 --hidden-size 4096 --num-attention-heads 32 --tensor-model-parallel-size 1 ";
  CHECK(command_of("a.sh", shape + "--ffn-hidden-size 14336 --num-query-groups 8 --vocab-size 128256\n")
            .find("--model llama-3.1-8b ") != std::string::npos);
  const std::string open = command_of("a.sh", shape + "\n");
  CHECK(open.find("--model MODEL ") != std::string::npos);
  CHECK(open.find("several models have this shape: ") != std::string::npos);
  CHECK(command_of("a.sh", shape + "--ffn-hidden-size 12345\n").find("--model MODEL ") != std::string::npos);
}

TEST_CASE("a name and its flavour are whole words of the model's id") {
  CHECK(titan("llama3", "405B").find("--model llama-3.1-405b ") != std::string::npos);
  CHECK(titan("qwen3", "32B").find("--model qwen3-32b ") != std::string::npos);
  CHECK(titan("qwen3", "30B-A3B").find("--model qwen3-30b-a3b ") != std::string::npos);
  CHECK(titan("qwen3", "1.7B").find("--model MODEL ") != std::string::npos);
}
