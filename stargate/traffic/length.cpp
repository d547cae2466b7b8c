// Draws by inversion where there is an inverse; the lognormal from its normal.
//   sigma^2 = ln(1 + cv^2),  mu = ln(mean) - sigma^2 / 2
#include "stargate/traffic/length.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "stargate/base/csv.hpp"
#include "stargate/units/trim.hpp"

namespace stargate {
namespace {

constexpr double kFarQuantile = 3.719;  // of the normal, 99.99 %

/// Rounded into the range of lengths.
std::int32_t whole(double tokens) {
  return static_cast<std::int32_t>(std::clamp(std::round(tokens), 1.0, static_cast<double>(kLongestRequest)));
}

/// With the three forms as its hint.
Diagnostic length_fault(std::string_view name, std::string_view text, const std::string& message) {
  return {"",
          0,
          0,
          std::string(name),
          fmt::format("'{}' {}", text, message),
          "write 4000, uniform(800, 1000) or lognormal(mean, coefficient of variation)",
          ""};
}

bool is_count(double value) { return value >= 1 && value <= kLongestRequest && value == std::floor(value); }

}  // namespace

LengthDistribution LengthDistribution::fixed(std::int32_t tokens) { return uniform(tokens, tokens); }

LengthDistribution LengthDistribution::uniform(std::int32_t least, std::int32_t most) {
  STARGATE_CHECK(least >= 1 && least <= most, "a range of lengths begins at 1 or more");
  LengthDistribution out;
  out.kind_ = least == most ? Kind::fixed : Kind::uniform;
  out.least_ = least, out.most_ = most;
  return out;
}

/// sigma^2 = log(1 + cv^2), mu = log(mean) - sigma^2 / 2: mean and variation of the lognormal itself.
LengthDistribution LengthDistribution::lognormal(double mean, double cv) {
  STARGATE_CHECK(mean >= 1 && cv >= 0, "a lognormal length has a mean of at least 1");
  LengthDistribution out;
  out.kind_ = Kind::lognormal;
  const double variance = std::log1p(cv * cv);
  out.sigma_ = std::sqrt(variance);
  out.mu_ = std::log(mean) - variance / 2;
  out.most_ = whole(std::exp(out.mu_ + kFarQuantile * out.sigma_));
  return out;
}

LengthDistribution LengthDistribution::empirical(std::vector<std::int32_t> sample) {
  STARGATE_CHECK(!sample.empty(), "a sample of lengths holds at least one");
  LengthDistribution out;
  out.kind_ = Kind::empirical;
  out.least_ = *std::min_element(sample.begin(), sample.end());
  out.most_ = *std::max_element(sample.begin(), sample.end());
  out.sample_ = std::move(sample);
  return out;
}

std::int32_t LengthDistribution::draw(RandomStream& stream) const { return std::max(1, draw_whole(stream) - less_); }

LengthDistribution LengthDistribution::shortened(std::int32_t tokens) const {
  LengthDistribution out = *this;
  out.less_ += tokens;
  return out;
}

std::int32_t LengthDistribution::draw_whole(RandomStream& stream) const {
  switch (kind_) {
    case Kind::fixed:
      return least_;
    case Kind::uniform:
      return least_ + static_cast<std::int32_t>(stream.uniform() * (most_ - least_ + 1));
    case Kind::lognormal:
      return whole(std::exp(mu_ + sigma_ * stream.normal()));
    case Kind::empirical:
      return sample_[static_cast<std::size_t>(stream.uniform() * static_cast<double>(sample_.size()))];
  }
  return least_;
}

double LengthDistribution::mean() const { return std::max(1.0, whole_mean() - less_); }

double LengthDistribution::whole_mean() const {
  switch (kind_) {
    case Kind::fixed:
    case Kind::uniform:
      return (least_ + most_) / 2.0;
    case Kind::lognormal:
      return std::exp(mu_ + sigma_ * sigma_ / 2);
    case Kind::empirical:
      return std::accumulate(sample_.begin(), sample_.end(), 0.0) / static_cast<double>(sample_.size());
  }
  return least_;
}

std::int32_t LengthDistribution::longest() const { return std::max(1, most_ - less_); }

Result<LengthDistribution> parse_length(std::string_view name, std::string_view text) {
  const std::string_view whole_text = trimmed(text);
  if (const auto tokens = parse_csv_number(whole_text)) {
    if (is_count(*tokens)) return LengthDistribution::fixed(static_cast<std::int32_t>(*tokens));
    return length_fault(name, text, "is no number of tokens from 1 to 100 million");
  }
  const std::size_t open = whole_text.find('('), comma = whole_text.find(',');
  if (open == std::string_view::npos || comma == std::string_view::npos || comma < open || whole_text.back() != ')') {
    return length_fault(name, text, "is no length");
  }
  const auto kind = trimmed(whole_text.substr(0, open));
  const auto first = parse_csv_number(trimmed(whole_text.substr(open + 1, comma - open - 1)));
  const auto second = parse_csv_number(trimmed(whole_text.substr(comma + 1, whole_text.size() - comma - 2)));
  if (!first || !second) return length_fault(name, text, "needs two numbers");
  if (kind == "uniform") {
    if (!is_count(*first) || !is_count(*second) || *first > *second) {
      return length_fault(name, text, "needs whole numbers of tokens, the smaller first");
    }
    return LengthDistribution::uniform(static_cast<std::int32_t>(*first), static_cast<std::int32_t>(*second));
  }
  if (kind == "lognormal") {
    if (!(*first >= 1 && *first <= kLongestRequest && *second >= 0 && *second <= 100)) {
      return length_fault(name, text, "needs a mean of at least 1 token and a variation from 0 to 100");
    }
    return LengthDistribution::lognormal(*first, *second);
  }
  return length_fault(name, text, "is no length");
}

}  // namespace stargate
