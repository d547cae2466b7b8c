// Scanners over the text in place.
#include "stargate/traffic/trace_text.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>

namespace stargate {
namespace {

constexpr int kDeepest = 4;
constexpr std::size_t kMostMembers = 1000;

/// Exactly `count` digits at `at`.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (text.size() < at + count) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

/// Into views of the line: traces have tens of millions of rows. Quotes inside quoted cells are not undoubled.
void split_cells(std::string_view line, std::vector<std::string_view>& cells) {
  cells.clear();
  for (std::size_t at = 0;;) {
    if (at < line.size() && line[at] == '"') {
      const std::size_t close = line.find('"', at + 1);
      cells.push_back(line.substr(at + 1, close == std::string_view::npos ? close : close - at - 1));
      at = close == std::string_view::npos ? line.size() : line.find(',', close);
    } else {
      const std::size_t comma = line.find(',', at);
      cells.push_back(line.substr(at, comma == std::string_view::npos ? comma : comma - at));
      at = comma;
    }
    if (at >= line.size()) return;
    ++at;
  }
}

/// Nanoseconds since 1970, UTC; digits beyond nanoseconds are passed over.
std::optional<std::int64_t> parse_timestamp(std::string_view text) {
  const auto years = digits(text, 0, 4), months = digits(text, 5, 2), days = digits(text, 8, 2);
  const auto hours = digits(text, 11, 2), minutes = digits(text, 14, 2), seconds = digits(text, 17, 2);
  if (!years || !months || !days || !hours || !minutes || !seconds) return std::nullopt;
  if (text[4] != '-' || text[7] != '-' || (text[10] != ' ' && text[10] != 'T') || text[13] != ':' || text[16] != ':') {
    return std::nullopt;
  }
  if (*years < 1970 || *years > 2200) return std::nullopt;  // what 64 bits of nanoseconds hold
  const std::chrono::year_month_day date{std::chrono::year(*years), std::chrono::month(static_cast<unsigned>(*months)),
                                         std::chrono::day(static_cast<unsigned>(*days))};
  if (!date.ok() || *hours > 23 || *minutes > 59 || *seconds > 60) {
    return std::nullopt;
  }
  std::int64_t nanoseconds = 0, unit = 100'000'000;
  std::size_t at = 19;
  if (at < text.size() && text[at] == '.') {
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10) {
      nanoseconds += (text[at] - '0') * unit;
    }
  }
  const std::string_view zone = text.substr(at);
  if (!zone.empty() && zone != "Z" && zone != "+00:00") return std::nullopt;
  const std::int64_t since_1970 = std::int64_t{std::chrono::sys_days(date).time_since_epoch().count()} * 86400 +
                               *hours * 3600 + *minutes * 60 + *seconds;
  return since_1970 * 1'000'000'000 + nanoseconds;
}

bool JsonObjects::fail(const char* why) {
  if (fault_ == nullptr) fault_ = why, line_ = next_line_;
  return false;
}

void JsonObjects::skip_space() {
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '\n') ++next_line_;
    if (c != ' ' && c != '\n' && c != '\t' && c != '\r') return;
  }
}

bool JsonObjects::next(std::vector<JsonMember>& members, std::vector<std::uint64_t>& list) {
  members.clear(), list.clear();
  if (fault_ != nullptr) return false;
  for (skip_space(); peek() == '[' || peek() == ']' || peek() == ','; skip_space()) ++at_;
  if (at_ >= text_.size()) return false;
  line_ = next_line_;
  return read_object(members, list, 0);
}

bool JsonObjects::read_object(std::vector<JsonMember>& members, std::vector<std::uint64_t>& list, int depth) {
  if (peek() != '{' || depth > kDeepest) return fail("expected an object { ... } a request");
  const int object = ++objects_;
  ++at_;
  skip_space();
  while (peek() != '}') {
    JsonMember member;
    if (!read_string(member.name)) return false;
    const bool twice = std::any_of(members.begin(), members.end(), [&](const JsonMember& other) {
      return other.depth == depth && other.object == object && other.name == member.name;
    });
    if (twice) return fail("a member is given twice");
    if (members.size() >= kMostMembers) return fail("an object has more members than any request");
    member.depth = depth, member.object = object;
    skip_space();
    if (peek() != ':') return fail("expected ':' after a member's name");
    ++at_;
    skip_space();
    if (!read_value(member, members, list, depth)) return false;
    skip_space();
    if (peek() == ',') {
      ++at_;
      skip_space();
    } else if (peek() != '}') {
      return fail("expected ',' or '}' after a member");
    }
  }
  ++at_;
  return true;
}

/// Texts, booleans and null are passed over; a nested object's members are added to the same list.
bool JsonObjects::read_value(JsonMember& member, std::vector<JsonMember>& members, std::vector<std::uint64_t>& list,
                             int depth) {
  const char c = peek();
  if (c == '{') return read_object(members, list, depth + 1);
  if (c == '[') {
    if (!read_list(list)) return false;
    member.is_list = true;
  } else if (c == '"') {
    std::string_view ignored;
    if (!read_string(ignored)) return false;
  } else if (c == 't' || c == 'f' || c == 'n') {
    while (peek() >= 'a' && peek() <= 'z') ++at_;
  } else {
    double value = 0;
    if (!read_number(value)) return false;
    member.number = value;
  }
  members.push_back(member);
  return true;
}

bool JsonObjects::read_list(std::vector<std::uint64_t>& list) {
  ++at_;
  for (skip_space(); peek() != ']'; skip_space()) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (error != std::errc()) return fail("expected a list of whole numbers");
    at_ = static_cast<std::size_t>(end - text_.data());
    list.push_back(value);
    skip_space();
    if (peek() == ',') {
      ++at_;
    } else if (peek() != ']') {
      return fail("expected ',' or ']' in a list");
    }
  }
  ++at_;
  return true;
}

bool JsonObjects::read_string(std::string_view& out) {
  if (peek() != '"') return fail("expected a name in quotes");
  const std::size_t begin = ++at_;
  while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\n') at_ += text_[at_] == '\\' ? 2 : 1;
  if (peek() != '"') return fail("a text does not end");
  out = text_.substr(begin, at_++ - begin);
  return true;
}

bool JsonObjects::read_number(double& out) {
  const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), out);
  if (error != std::errc() || !std::isfinite(out)) return fail("expected a value");
  at_ = static_cast<std::size_t>(end - text_.data());
  return true;
}

}  // namespace stargate
