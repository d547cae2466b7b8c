// Words and members; the shares are perf's.
#include "stargate/questions/confidence.hpp"

#include <fmt/format.h>

namespace stargate {

const char* confidence_name(Confidence confidence) {
  return EnumNames<Confidence>::names[static_cast<int>(confidence)].first;
}

std::string format_law_ground(const LawGround& ground, const char* rest) {
  std::string out = "rests " + format_law_shares(ground.shares, rest) + ".";
  const bool mid = ground.confidence == Confidence::mid;
  if (ground.has_range()) {
    return out + (mid ? " Typical laws have a range, here its middle: --confidence low and high are its ends."
                      : fmt::format(" Typical laws have a range, here its {} end.",
                                    ground.confidence == Confidence::low ? "low (slow)" : "high (fast)"));
  }
  return mid ? out : out + " No part of it rests on laws typical of measured devices: --confidence changes nothing.";
}

void write_law_shares(JsonWriter& json, const LawShares& shares) {
  json.key("law_shares").begin_object();
  json.member("fitted", shares[LawOrigin::fitted]).member("carried_over", shares[LawOrigin::carried_over]);
  json.member("typical", shares[LawOrigin::typical]).member("specification", shares[LawOrigin::specification]);
  json.member("overheads", shares.rest()).end_object();
}

void write_law_ground(JsonWriter& json, const LawGround& ground) {
  json.member("confidence", confidence_name(ground.confidence));
  if (ground.known()) write_law_shares(json, ground.shares);
}

const AnswerFields& law_share_fields() {
  static const AnswerFields fields{
      {"law_shares/fitted", "number", "Share of a step's time that rests on laws fitted to the device itself"},
      {"law_shares/carried_over", "number", "... to another of its architecture, family or, of networks, vendor"},
      {"law_shares/typical", "number", "... on what measured devices have in common: this part has a range"},
      {"law_shares/specification", "number", "... on the data sheet and the literature"},
      {"law_shares/overheads", "number", "... on the engine's or framework's own time"}};
  return fields;
}

const AnswerFields& law_ground_fields() {
  static const AnswerFields fields = [] {
    AnswerFields out{{"confidence", "text", "low, mid or high in the range of laws typical of measured devices"}};
    add_answer_fields(out, "", law_share_fields());
    return out;
  }();
  return fields;
}

}  // namespace stargate
