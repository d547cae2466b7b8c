// Runs a fuzz target on inputs made by changing good files the way people and programs break them: a number becomes
// "nan", a key is given twice, a column goes, a cell has 300 kB, a bracket nests a thousand times. The n-th input is a
// function of the files, the seed and n alone, so that a failure is found again by its number. `tools/mutate_inputs.py`
// runs all targets and watches time and memory.
//   mutate_<name> SEED FIRST COUNT FILES...   runs inputs FIRST to FIRST + COUNT - 1, saying each number before it runs
//   mutate_<name> --print SEED N FILES...     writes input N
//   mutate_<name> --run FILES...              runs these as they are, saying the place of each in the list
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size);
/// Good inputs that a target makes itself, beside the files.
__attribute__((weak)) std::vector<std::string> more_seeds();

namespace {

constexpr std::size_t kLargestInput = 4'000'000;

/// Values that have broken a reader, or might.
const char* const kBadValues[] = {"nan",
                                  "inf",
                                  "-inf",
                                  ".nan",
                                  ".inf",
                                  "-1",
                                  "0",
                                  "-0.0",
                                  "1e999",
                                  "1e-999",
                                  "1e308",
                                  "4294967296",
                                  "2147483648",
                                  "9223372036854775807",
                                  "9223372036854775808",
                                  "-9223372036854775808",
                                  "1e9",
                                  "10000000000",
                                  "0,5",
                                  "1,024",
                                  "0x10",
                                  "1_000",
                                  "1.5.2",
                                  "--5",
                                  "+5",
                                  "5e",
                                  "%",
                                  "50 %",
                                  "-50 %",
                                  "500 %",
                                  "",
                                  " ",
                                  "\"",
                                  "'",
                                  "\\",
                                  "~",
                                  "null",
                                  "true",
                                  "False",
                                  "[]",
                                  "{}",
                                  "[[]]",
                                  "{a: 1}",
                                  "[a, b]",
                                  "&a b",
                                  "*a",
                                  "!!str x",
                                  "<<",
                                  "? x",
                                  "- x",
                                  "a: b: c",
                                  "#",
                                  "|",
                                  ">",
                                  "2023-02-31",
                                  "2024-13-01",
                                  "1969-12-31 23:59:59",
                                  "2026Q5",
                                  "2026Q0",
                                  "1989Q4",
                                  "9999Q1",
                                  "2026-Q3",
                                  "6000000000000 months",
                                  "900000000 years",
                                  "1e9 h",
                                  "0 GB/s",
                                  "-5 W",
                                  "70 MW",
                                  "3 GBs",
                                  "1e300 TB/s",
                                  "5 $/W/W/W/W/W/W/W/W/W/W",
                                  "NVL99999999999",
                                  "uniform in [0.00000000000000000000000000000000000000000000001, 1.0]",
                                  "uniform(5, 1)",
                                  "lognormal(1, 1e9)",
                                  "lognormal(1155, 1.4)",
                                  "x2",
                                  "+50%",
                                  "+2 quarters",
                                  "\xc3\xa9",
                                  "\xff",
                                  "\x1b[31m",
                                  "\xe2\x82\xac",
                                  "../../etc/passwd",
                                  "${HOME}",
                                  "unknown-name",
                                  "99999999999999999999999999999999999999999",
                                  "1/0",
                                  "NaN",
                                  "Infinity",
                                  "-Infinity",
                                  "\t",
                                  "a,b",
                                  "\"a\"\"b\""};

using Bytes = std::string;

class Mutator {
 public:
  Mutator(const std::vector<Bytes>& files, unsigned long long seed, unsigned long long number)
      : files_(files), random_(seed * 0x9E3779B97F4A7C15ULL + number) {}

  Bytes make() {
    Bytes text = files_[below(files_.size())];
    for (std::size_t left = 1 + below(below(4) == 0 ? 12 : 3); left > 0; --left) {
      change(text);
      if (text.size() > kLargestInput) text.resize(kLargestInput);
    }
    return text;
  }

 private:
  std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; }

  struct Span {
    std::size_t begin = 0, size = 0;
  };
  /// A word: what stands between separators of any of the formats.
  Span word(const Bytes& text) {
    static constexpr std::string_view kSeparators = " \t\r\n,:;{}[]()=\"'";
    if (text.empty()) return {};
    std::size_t begin = below(text.size()), end = begin;
    while (begin > 0 && kSeparators.find(text[begin - 1]) == std::string_view::npos) --begin;
    while (end < text.size() && kSeparators.find(text[end]) == std::string_view::npos) ++end;
    return {begin, end - begin};
  }
  /// What stands behind a key or between commas, to its end.
  Span value(const Bytes& text) {
    const Span at = word(text);
    const std::size_t end = std::min(text.find_first_of(",}]\n", at.begin), text.size());
    return {at.begin, end - at.begin};
  }
  Span line(const Bytes& text) {
    if (text.empty()) return {};
    const std::size_t at = below(text.size());
    const std::size_t before = at == 0 ? Bytes::npos : text.rfind('\n', at - 1);
    const std::size_t begin = before == Bytes::npos ? 0 : before + 1;
    const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    return {begin, end - begin};
  }

  Bytes bad_value() {
    if (below(40) == 0) return Bytes(1 + below(300'000), static_cast<char>('0' + below(75)));
    if (below(40) == 0) return nested();
    return kBadValues[below(std::size(kBadValues))];
  }
  Bytes nested() {
    const std::size_t depth = 1 + below(below(3) == 0 ? 100'000 : 80);
    const char* const open = below(2) == 0 ? "[" : "{a: ";
    Bytes out;
    for (std::size_t i = 0; i < depth; ++i) out += open;
    return out;
  }
  Bytes scaled(const Bytes& number) {
    const double value = std::strtod(number.c_str(), nullptr);
    static constexpr double kFactors[] = {-1, 0, 0.001, 0.5, 2, 1000, 1e6, 1e12, 1e18, 1e300};
    char out[400];
    std::snprintf(out, sizeof out, "%.17g", value * kFactors[below(std::size(kFactors))]);
    return out;
  }

  void change(Bytes& text) {
    switch (below(13)) {
      case 0:
      case 1:
      case 2: {
        const Span at = below(2) == 0 ? word(text) : value(text);
        text.replace(at.begin, at.size, bad_value());
        break;
      }
      case 3:
      case 4: {
        const Span at = word(text);
        text.replace(at.begin, at.size, scaled(text.substr(at.begin, at.size)));
        break;
      }
      case 5: {
        const Span at = line(text);
        text.erase(at.begin, at.size);
        break;
      }
      case 6: {
        const Span at = line(text);
        const Bytes copy = text.substr(at.begin, at.size);
        Bytes copies;
        for (std::size_t times = below(20) == 0 ? 1 + below(5000) : 1; times > 0; --times) {
          if (copies.size() < kLargestInput) copies += copy;
        }
        text.insert(at.begin, copies);
        break;
      }
      case 7: {
        const Span from = line(text);
        const Bytes moved = text.substr(from.begin, from.size);
        text.erase(from.begin, from.size);
        text.insert(line(text).begin, moved);
        break;
      }
      case 8: {
        const Span at = word(text);
        text.erase(at.begin, at.size);
        break;
      }
      case 9: {
        const Bytes& other = files_[below(files_.size())];
        const Span at = line(other);
        text.insert(line(text).begin, other.substr(at.begin, at.size));
        break;
      }
      case 10:
        text.resize(below(text.size() + 1));
        break;
      case 11:
        drop_column(text);
        break;
      default: {
        static constexpr std::string_view kMarks = ",:{}[]\"'#-|>&*!%@\n\t .=_\0";
        text.insert(below(text.size() + 1), 1, kMarks[below(kMarks.size())]);
      }
    }
  }

  /// The same cell of every line: a column less.
  void drop_column(Bytes& text) {
    const std::size_t column = below(12);
    Bytes out;
    for (std::size_t from = 0; from < text.size();) {
      const std::size_t end = std::min(text.find('\n', from), text.size() - 1) + 1;
      std::size_t at = from;
      for (std::size_t skip = column; skip > 0 && at < end; --skip) at = std::min(text.find(',', at), end - 1) + 1;
      const std::size_t next = at < end ? std::min(text.find(',', at), end - 1) + 1 : end;
      out.append(text, from, at - from);
      out.append(text, next, end - next);
      from = end;
    }
    text = std::move(out);
  }

  const std::vector<Bytes>& files_;
  std::mt19937_64 random_;
};

Bytes read_file(const char* path) {
  std::ifstream in(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(in), {});
}

void run(const Bytes& text) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const unsigned char*>(text.data()), text.size());
}

void say(unsigned long long number) {
  std::printf("%llu\n", number);
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** words) {
  const std::vector<std::string> args(words + 1, words + count);
  if (!args.empty() && args[0] == "--run") {
    for (std::size_t i = 1; i < args.size(); ++i) {
      say(i - 1);
      run(read_file(args[i].c_str()));
    }
    return 0;
  }
  const bool print = !args.empty() && args[0] == "--print";
  if (args.size() < (more_seeds != nullptr ? 3 : 4)) {
    std::fputs("usage: SEED FIRST COUNT FILES... | --print SEED N FILES... | --run FILES...\n", stderr);
    return 2;
  }
  std::vector<Bytes> files;
  for (std::size_t i = 3; i < args.size(); ++i) files.push_back(read_file(args[i].c_str()));
  if (more_seeds != nullptr) {
    for (auto& seed : more_seeds()) files.push_back(std::move(seed));
  }
  const auto seed = std::strtoull(args[print ? 1 : 0].c_str(), nullptr, 10);
  const auto first = std::strtoull(args[print ? 2 : 1].c_str(), nullptr, 10);
  if (print) {
    const Bytes text = Mutator(files, seed, first).make();
    std::fwrite(text.data(), 1, text.size(), stdout);
    return 0;
  }
  const auto end = first + std::strtoull(args[2].c_str(), nullptr, 10);
  for (auto number = first; number < end; ++number) {
    say(number);
    run(Mutator(files, seed, number).make());
  }
  return 0;
}
